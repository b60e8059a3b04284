//! Reading a border from GeoJSON.
