use map::pbf::testville;

use super::*;

fn town() -> map::Town {
    let folder = tempfile::tempdir().unwrap();
    let (pbf, file) = (folder.path().join("town.osm.pbf"), folder.path().join("town"));
    testville::extract().write(&pbf).unwrap();
    map::import(&pbf, None, &file, &mut |_| {}).unwrap();
    map::Town::open(&file).unwrap()
}

fn at((lat, lon): (f64, f64)) -> Point {
    Point::from_degrees(lat, lon).unwrap()
}

#[test]
fn streets_water_names_and_letters() {
    let town = town();
    let here = at(testville::crossing(4, 6));
    let markers = [
        Marker { point: at(testville::crossing(5, 6)), letter: 'a', main: false },
        Marker { point: here, letter: 'L', main: true },
    ];
    let window = Window { center: here, across_m: 500.0, size: (40, 14) };
    let picture = draw(Some(&town), &window, &markers, false);
    insta::assert_snapshot!(picture.lines().join("\n"));
    let main: Vec<usize> = (0..picture.cells.len()).filter(|cell| picture.cells[*cell].ink == Ink::Main).collect();
    assert_eq!(main, [7 * 40 + 20], "in the middle");
    let water = |column: usize| picture.cells[7 * 40 + column].ground == Ground::Water;
    assert!(!water(20) && water(36), "the lake lies east");

    let ascii = draw(Some(&town), &window, &markers, true);
    assert!(ascii.lines().join("").is_ascii());
}

#[test]
fn any_size_and_scale_will_do() {
    let town = town();
    let here = at(testville::crossing(0, 0));
    for size in [(0, 0), (1, 1), (3, 40), (200, 2)] {
        for across_m in [0.0, 1.0, 320.0, 1e7] {
            let picture = draw(Some(&town), &Window { center: here, across_m, size }, &[], false);
            assert_eq!(picture.cells.len(), usize::from(size.0) * usize::from(size.1));
        }
    }
    let pole = Point { lat_e7: 900_000_000, lon_e7: 1_800_000_000 };
    let window = Window { center: pole, across_m: 320.0, size: (30, 10) };
    draw(Some(&town), &window, &[Marker { point: pole, letter: 'X', main: true }], false);
}

#[test]
fn lines_are_cut_to_the_canvas() {
    let (from, to) = clip((-10.0, 5.0), (30.0, 5.0), 20.0, 10.0).unwrap();
    assert!(from == (0.0, 5.0) && (19.0..20.0).contains(&to.0) && to.1 == 5.0, "{from:?} {to:?}");
    assert_eq!(clip((-10.0, -5.0), (30.0, -5.0), 20.0, 10.0), None);
    assert_eq!(clip((3.0, 3.0), (3.0, 3.0), 20.0, 10.0), Some(((3.0, 3.0), (3.0, 3.0))));
}

proptest::proptest! {
    #[test]
    fn areas_colour_the_cells_whose_middle_they_hold(places in proptest::collection::vec((-300i32..500, -300i32..500), 3..12)) {
        let (width, height) = (40, 20);
        let mut ring: Vec<Spot> = places.into_iter().map(|(x, y)| Spot { x, y }).collect();
        ring.push(ring[0]);
        let empty = Cell { sign: ' ', ink: Ink::Nothing, ground: Ground::Land };
        let mut picture = Picture { width, cells: vec![empty; width * height] };
        // Off the grid, so that no middle lies on an edge.
        let pixel = |spot: Spot| (f64::from(spot.x) / 3.0 + 0.123, f64::from(spot.y) / 3.0 + 0.321);
        fill([ring.as_slice()].into_iter(), &pixel, Ground::Water, &mut picture, &mut Vec::new());
        for (index, cell) in picture.cells.iter().enumerate() {
            let (x, y) = ((index % width) as f64 * 2.0 + 1.0, (index / width) as f64 * 4.0 + 2.0);
            let crossed = ring.windows(2).map(|pair| (pixel(pair[0]), pixel(pair[1]))).filter(|(a, b)| {
                (a.1 > y) != (b.1 > y) && a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0) > x
            });
            proptest::prop_assert_eq!(cell.ground == Ground::Water, crossed.count() % 2 == 1, "{} {}", x, y);
        }
    }
}
