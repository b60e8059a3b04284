//! Writes a first input for every target, from our own formats: `seeds DIRECTORY`. The fuzzer grows the rest.

use std::error::Error;
use std::fs;
use std::path::Path;

use fuzz::{DATA_KEY, DEVICE};
use map::pbf::testville;
use store::event::{Draft, Position, fact_bytes, seal};
use store::fact::{Body, Fact, Status};
use store::id::OrgId;
use store::time::Hlc;

const REPORT: &str = r#"{"id":"00112233445566778899aabbccddeeff","kind":"problem","category":"lighting","place":{"point":{"lat_e7":601699000,"lon_e7":249384000},"address":"Birch Street 7"},"text":"Lamppu on pimeä.","language":"fi","code":"CODE"}"#;
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f anna@desk";
const SETTINGS: &str = "schema = 1\ngeneration = 1\n[site]\nname = \"Utopia\"\nlanguages = [\"fi\", \"en\"]\n[wifi]\nssid = \"x\"\npassword = \"geheim123\"\n[technician]\nkeys = [\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\"]\n[device.\"B-7\".site]\nplace_name = \"Library\"\n";
const CHANGES: &str = "<osmChange><create><node id='9001' lat='60.165' lon='24.93' version='1' timestamp='2026-01-02T03:04:05Z'><tag k='name' v='A &amp; B'/><tag k='amenity' v='cafe'/></node><way id='9002' version='1'><nd ref='9001'/><nd ref='9001'/><tag k='highway' v='path'/></way></create><modify><relation id='9003'><member type='way' ref='9002' role='outer'/><tag k='type' v='multipolygon'/></relation></modify><delete><node id='1'/></delete></osmChange>";
const BORDER: &str = r#"{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[24.92,60.16],[24.94,60.16],[24.94,60.17],[24.92,60.16]]]},"properties":{}}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let top = std::env::args_os().nth(1).ok_or("say where to: seeds DIRECTORY")?;
    let top = Path::new(&top);
    let write = |target: &str, name: &str, bytes: &[u8]| {
        fs::create_dir_all(top.join(target)).and_then(|()| fs::write(top.join(target).join(name), bytes))
    };
    let fact =
        Fact { request: None, undoes: None, body: Body::StatusSet { status: Status::Fixed, answer: Some("New bulb.".into()) } };
    let draft = Draft { subject: [4; 16], refs: Vec::new(), actor: None, fact: fact.clone() };
    let at = Position { epoch: 1, seq: 1, prev: None, hlc: Hlc::new(1_790_000_000_000, 1) };
    let sealed = seal(&draft, OrgId([3; 16]), at, &DEVICE, &DATA_KEY, &[8; 56])?;
    let mut whole = u16::try_from(sealed.signed.len())?.to_be_bytes().to_vec();
    whole.extend(&sealed.signed);
    whole.extend(&sealed.payload);
    write("envelope", "whole", &whole)?;
    write("envelope", "header", &sealed.header.to_bytes())?;
    write("fact", "status", &fact_bytes(&fact)?)?;

    let code = store::code::FollowCode::from_random([0x5A; 8]).to_string();
    write("code", "code", code.as_bytes())?;
    let id = "00112233445566778899aabbccddeeff";
    let bodies = [
        REPORT.replace("CODE", &code),
        format!(r#"{{"session":"{id}"}}"#),
        format!(r#"{{"id":"{id}","text":"Still dark.","language":"en"}}"#),
        format!(r#"{{"code":"{code}"}}"#),
        format!(
            r#"{{"on":[{{"report":"{id}","request":"{id}"}}],"decision":{{"type":"set_status","status":"fixed","answer":"Done."}}}}"#
        ),
        r#"{"bounds":"60.1,24.9,60.2,25.0","limit":10}"#.to_owned(),
        r#"{"queue":"new"}"#.to_owned(),
        r#"{"lat":60.16,"lon":24.93,"category":"lighting"}"#.to_owned(),
    ];
    for (which, body) in (0_u8..).zip(&bodies) {
        write("body", &format!("body-{which}"), &[&[which], body.as_bytes()].concat())?;
    }
    write("pairing", "settings", format!("7KXM4P\n{SETTINGS}").as_bytes())?;
    write("pairing", "key", format!("7kxm-4p\r\n{KEY}\n").as_bytes())?;
    write("text", "mixed", "Straße\r\n\u{202E}gnorw\u{200B} \u{A0}e\u{301}\n\n\n\n\n<b>&amp;</b> نور".as_bytes())?;
    write("border", "feature", BORDER.as_bytes())?;
    write("change", "all", CHANGES.as_bytes())?;

    fs::create_dir_all(top.join("extract"))?;
    fs::create_dir_all(top.join("town"))?;
    testville::extract().write(&top.join("extract/grid"))?;
    map::import(&top.join("extract/grid"), None, &top.join("town/grid"), &mut |_| {})?;
    Ok(())
}
