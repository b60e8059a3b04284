//! What a thing on the map is: one closed list, in the order it is drawn.

/// Kind of a drawn thing. The numbers stand in town files: never change one, only add. Draw order is [`Class::rank`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Sea, closed from the coastline.
    Sea = 1,
    /// Lakes, ponds, docks, wide rivers, pools.
    Water = 2,
    /// Parks, gardens, playgrounds, cemeteries.
    Park = 3,
    /// Woods and scrub.
    Wood = 4,
    /// Grass, meadows, farmland, allotments.
    Grass = 5,
    /// Beaches and sand.
    Beach = 6,
    /// Sports pitches and tracks.
    Pitch = 7,
    /// Grounds of schools and universities.
    School = 8,
    /// Grounds of hospitals.
    Hospital = 9,
    /// Squares and other areas for walking.
    Square = 10,
    /// Car parks.
    Parking = 11,
    /// Piers and breakwaters with an area.
    Quay = 12,
    /// Buildings.
    Building = 13,
    /// Industry, railway yards, ports.
    Industry = 14,
    /// Rivers and canals drawn as a line.
    River = 20,
    /// Streams, ditches, drains.
    Stream = 21,
    /// Piers and breakwaters drawn as a line.
    Pier = 22,
    /// Railways.
    Rail = 23,
    /// Trams and light rail.
    Tram = 24,
    /// Motorways.
    Motorway = 30,
    /// Trunk roads.
    Trunk = 31,
    /// Primary roads.
    Primary = 32,
    /// Secondary roads.
    Secondary = 33,
    /// Tertiary roads.
    Tertiary = 34,
    /// Residential and other ordinary streets.
    Street = 35,
    /// Service roads and drives.
    Service = 36,
    /// Pedestrian streets.
    Pedestrian = 37,
    /// Farm and forest tracks.
    Track = 38,
    /// Cycle ways.
    Cycleway = 39,
    /// Footways and paths.
    Footway = 40,
    /// Stairs.
    Steps = 41,
    /// Borders of municipalities and above.
    Border = 50,
    /// A named settlement or quarter (a point).
    Place = 60,
    /// A shop, service, sight or stop (a point).
    Poi = 61,
}

/// How the geometry of a class is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Rings; even-odd fill.
    Area,
    /// Open lines.
    Line,
    /// Single places.
    Spot,
}

impl Class {
    /// Every class, in draw order.
    pub const ALL: [Class; 34] = [
        Class::Industry,
        Class::School,
        Class::Hospital,
        Class::Grass,
        Class::Wood,
        Class::Park,
        Class::Beach,
        Class::Parking,
        Class::Pitch,
        Class::Sea,
        Class::Water,
        Class::Stream,
        Class::River,
        Class::Quay,
        Class::Pier,
        Class::Square,
        Class::Building,
        Class::Border,
        Class::Steps,
        Class::Footway,
        Class::Cycleway,
        Class::Track,
        Class::Service,
        Class::Pedestrian,
        Class::Street,
        Class::Tertiary,
        Class::Secondary,
        Class::Primary,
        Class::Trunk,
        Class::Motorway,
        Class::Tram,
        Class::Rail,
        Class::Place,
        Class::Poi,
    ];

    /// The class of a number in a town file.
    pub fn from_number(number: u8) -> Option<Class> {
        Class::ALL.get(usize::from(*RANKS.get(usize::from(number))?)).copied()
    }

    /// Place in the draw order: lower is drawn first.
    pub fn rank(self) -> u8 {
        RANKS.get(self as usize).copied().unwrap_or(u8::MAX)
    }

    /// How its geometry is to be read.
    pub fn shape(self) -> Shape {
        match self as u8 {
            0..20 => Shape::Area,
            20..60 => Shape::Line,
            _ => Shape::Spot,
        }
    }

    /// Whether it is a street or path: what a postal address can lie on.
    pub fn is_way(self) -> bool {
        (30..50).contains(&(self as u8))
    }
}

/// Place in the draw order by number: both are asked for everything that is drawn.
const RANKS: [u8; 64] = {
    let mut ranks = [u8::MAX; 64];
    let mut rank = 0;
    while rank < Class::ALL.len() {
        ranks[Class::ALL[rank] as usize] = rank as u8;
        rank += 1;
    }
    ranks
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_ranks_follow_the_list() {
        for (rank, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(Class::from_number(class as u8), Some(class));
            assert_eq!(usize::from(class.rank()), rank);
        }
        assert_eq!(Class::from_number(0), None);
        assert_eq!(Class::from_number(255), None);
    }
}
