//! Finding a place by its name or address, while it is typed.

/// What a found thing is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A street and house number.
    Address,
    /// A street.
    Street,
    /// A settlement, quarter or square.
    Place,
    /// A shop, service, sight or stop, with OpenStreetMap's `key=value` that says which.
    Poi(String),
}

/// Something that fits what was typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What to show: "Mannerheimintie 5", "Rue Grimaldi", "Kiasma".
    pub label: String,
    /// What it is.
    pub what: What,
    /// Latitude in degrees.
    pub lat: f64,
    /// Longitude in degrees.
    pub lon: f64,
}
