//! The touch kiosk for residents.
