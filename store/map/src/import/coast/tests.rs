use super::*;

const LAND: Rect = Rect { min: Spot { x: 0, y: 0 }, max: Spot { x: 100_000, y: 100_000 } };

fn line(spots: &[(i32, i32)]) -> Vec<Spot> {
    spots.iter().map(|(x, y)| Spot { x: *x, y: *y }).collect()
}

fn is_sea(sea: &[Vec<Spot>], x: i32, y: i32) -> bool {
    contains(sea.iter().map(Vec::as_slice), Spot { x, y })
}

#[test]
fn water_is_right_of_the_line() {
    // Northwards through the middle: sea in the east. Southwards: sea in the west.
    let north = sea(vec![line(&[(50_000, 120_000), (50_000, -20_000)])], &LAND, &mut Repairs::default());
    assert!(is_sea(&north, 75_000, 50_000) && !is_sea(&north, 25_000, 50_000));
    let south = sea(vec![line(&[(50_000, -20_000), (50_000, 120_000)])], &LAND, &mut Repairs::default());
    assert!(!is_sea(&south, 75_000, 50_000) && is_sea(&south, 25_000, 50_000));
}

#[test]
fn a_bay_and_a_headland() {
    // A bay cut into the land from the west: enters at the south-west, leaves at the north-west, water on its right (west)... and the
    // other direction is a headland of land in a sea all round.
    let shape = [(-10, 80_000), (60_000, 80_000), (60_000, 20_000), (-10, 20_000)];
    let headland = sea(vec![line(&shape)], &LAND, &mut Repairs::default());
    assert!(!is_sea(&headland, 30_000, 50_000) && is_sea(&headland, 90_000, 50_000) && is_sea(&headland, 30_000, 90_000));
    let reversed: Vec<_> = shape.into_iter().rev().collect();
    let bay = sea(vec![line(&reversed)], &LAND, &mut Repairs::default());
    assert!(is_sea(&bay, 30_000, 50_000) && !is_sea(&bay, 90_000, 50_000) && !is_sea(&bay, 30_000, 90_000));
}

#[test]
fn two_coasts_make_a_strait() {
    let west = line(&[(30_000, 120_000), (30_000, -20_000)]);
    let east = line(&[(70_000, -20_000), (70_000, 120_000)]);
    let strait = sea(vec![west, east], &LAND, &mut Repairs::default());
    assert!(is_sea(&strait, 50_000, 50_000) && !is_sea(&strait, 10_000, 50_000) && !is_sea(&strait, 90_000, 50_000));
}

#[test]
fn islands_stand_in_the_sea() {
    // Water on the right of an island: counter-clockwise on the map.
    let island = line(&[(40_000, 40_000), (40_000, 60_000), (60_000, 60_000), (60_000, 40_000), (40_000, 40_000)]);
    let alone = sea(vec![island.clone()], &LAND, &mut Repairs::default());
    assert!(!is_sea(&alone, 50_000, 50_000) && is_sea(&alone, 10_000, 10_000));
    let shore = line(&[(20_000, 120_000), (20_000, -20_000)]);
    let both = sea(vec![shore, island], &LAND, &mut Repairs::default());
    assert!(!is_sea(&both, 10_000, 50_000) && is_sea(&both, 30_000, 50_000) && !is_sea(&both, 50_000, 50_000));
}

#[test]
fn an_island_across_the_side_is_cut() {
    for start in 0..4 {
        let mut corners = [(-20_000, 40_000), (-20_000, 60_000), (20_000, 60_000), (20_000, 40_000)];
        corners.rotate_left(start);
        let ring: Vec<_> = corners.into_iter().chain([corners[0]]).collect();
        let cut = sea(vec![line(&ring)], &LAND, &mut Repairs::default());
        assert!(!is_sea(&cut, 10_000, 50_000) && is_sea(&cut, 50_000, 50_000), "ring from corner {start}");
    }
}

#[test]
fn gaps_are_mended_and_counted() {
    let mut repairs = Repairs::default();
    let halves = vec![line(&[(50_000, 120_000), (50_000, 50_300)]), line(&[(50_000, 50_000), (50_000, -20_000)])];
    let mended = sea(halves, &LAND, &mut repairs);
    assert!(is_sea(&mended, 75_000, 50_000) && !is_sea(&mended, 25_000, 50_000));
    assert_eq!(repairs.count(Kind::CoastGap), 1);
    let mut repairs = Repairs::default();
    // Broken off near the north side.
    let stump = sea(vec![line(&[(50_000, 120_000), (50_000, 4_000)])], &LAND, &mut repairs);
    assert!(is_sea(&stump, 75_000, 50_000) && !is_sea(&stump, 25_000, 50_000));
    assert_eq!(repairs.count(Kind::CoastGap), 1);
}

#[test]
fn no_coast_no_sea() {
    assert!(sea(Vec::new(), &LAND, &mut Repairs::default()).is_empty());
    // A coast elsewhere says nothing about here.
    assert!(sea(vec![line(&[(200_000, 0), (200_000, 90_000)])], &LAND, &mut Repairs::default()).is_empty());
}
