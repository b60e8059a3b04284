//! The town's base map: import, draw order, labels, search, reverse look-up.
