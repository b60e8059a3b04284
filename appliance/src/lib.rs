//! wegovnowd, the only process that opens the store.
