//! Writes the extract of the made-up town, for whatever wants a town and none of anybody's data:
//! `cargo run -p map --features pbf --bin testville -- TO.osm.pbf`.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = std::env::args().nth(1).ok_or("usage: testville TO.osm.pbf")?;
    map::pbf::testville::extract().write(Path::new(&to)).map_err(|error| format!("cannot write {to}: {error}"))?;
    Ok(())
}
