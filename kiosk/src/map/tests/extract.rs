//! A tiny extract in OpenStreetMap's PBF, written byte by byte: a grid of named streets round a park.

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend(value);
}

fn packed(out: &mut Vec<u8>, field: u64, values: impl IntoIterator<Item = u64>) {
    let mut inner = Vec::new();
    values.into_iter().for_each(|value| varint(&mut inner, value));
    bytes(out, field, &inner);
}

fn blob(out: &mut Vec<u8>, kind: &str, content: &[u8]) {
    let mut blob = Vec::new();
    bytes(&mut blob, 1, content);
    number(&mut blob, 2, content.len() as u64);
    let mut header = Vec::new();
    bytes(&mut header, 1, kind.as_bytes());
    number(&mut header, 3, blob.len() as u64);
    out.extend((header.len() as u32).to_be_bytes());
    out.extend(header);
    out.extend(blob);
}

/// Side of the grid in streets, and the space between them in 1e-7 degrees.
const STREETS: i64 = 9;
const STEP: i64 = 8_000;

/// About 700 m square round 45° north, 7° east.
pub fn hamlet() -> Vec<u8> {
    let (north, east) = (450_000_000i64, 70_000_000i64);
    let reach = STEP * STREETS / 2;
    let mut bounds = Vec::new();
    for (field, degree) in [(1, east - reach), (2, east + reach), (3, north + reach), (4, north - reach)] {
        number(&mut bounds, field, zigzag(degree * 100));
    }
    let mut header = Vec::new();
    bytes(&mut header, 1, &bounds);
    bytes(&mut header, 4, b"OsmSchema-V0.6");
    let mut out = Vec::new();
    blob(&mut out, "OSMHeader", &header);

    let mut texts: Vec<String> =
        ["", "highway", "name", "leisure", "park", "residential", "primary", "footway", "building", "yes"]
            .map(String::from)
            .into();
    let (mut nodes, mut ways) = (Vec::new(), Vec::new());
    let mut node = |lat: i64, lon: i64| {
        let mut message = Vec::new();
        let id = nodes.len() as i64 + 1;
        number(&mut message, 1, zigzag(id));
        number(&mut message, 8, zigzag(lat));
        number(&mut message, 9, zigzag(lon));
        nodes.push(message);
        id
    };
    let mut way = |tags: &[(u64, u64)], refs: &[i64]| {
        let mut message = Vec::new();
        number(&mut message, 1, ways.len() as u64 + 1);
        packed(&mut message, 2, tags.iter().map(|(key, _)| *key));
        packed(&mut message, 3, tags.iter().map(|(_, value)| *value));
        let deltas = refs.iter().scan(0, |last, id| Some(zigzag(*id - std::mem::replace(last, *id))));
        packed(&mut message, 8, deltas);
        ways.push(message);
    };
    for street in 0..STREETS {
        let (across, bend) = ((street - STREETS / 2) * STEP, street * 300);
        let class = [5, 6, 5, 7][street as usize % 4];
        for crossing in [false, true] {
            texts.push(format!("{} {street}", if crossing { "Long Lane" } else { "High Street" }));
            let name = texts.len() as u64 - 1;
            let at = [(-reach, 0), (-reach / 2, bend), (0, 0), (reach, -bend)];
            let refs = at.map(|(along, off)| {
                if crossing { node(north + along, east + across + off) } else { node(north + across + off, east + along) }
            });
            way(&[(1, class), (2, name)], &refs);
        }
    }
    let mut square = |tag: (u64, u64), south: i64, west: i64, side: i64| {
        let corners = [(0, 0), (0, side), (side, side), (side, 0)];
        let refs = corners.map(|(up, right)| node(north + south + up, east + west + right));
        way(&[tag], &[refs[0], refs[1], refs[2], refs[3], refs[0]]);
    };
    square((3, 4), STEP / 8, STEP / 8, STEP * 3 / 4);
    for house in 0..6 {
        square((8, 9), -STEP * 2 + house % 3 * 900 + 700, STEP + house / 3 * 1500 + 900, 700);
    }
    let mut table = Vec::new();
    texts.iter().for_each(|text| bytes(&mut table, 1, text.as_bytes()));
    let mut group = Vec::new();
    nodes.iter().for_each(|message| bytes(&mut group, 1, message));
    let mut second = Vec::new();
    ways.iter().for_each(|message| bytes(&mut second, 3, message));
    let mut block = Vec::new();
    bytes(&mut block, 1, &table);
    bytes(&mut block, 2, &group);
    bytes(&mut block, 2, &second);
    blob(&mut out, "OSMData", &block);
    out
}
