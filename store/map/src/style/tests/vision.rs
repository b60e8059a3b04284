//! How far apart two colours are, for those who see them all and for those who lack one kind of cone.

use crate::style::Color;

/// Eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// See all colours.
    All,
    /// Lack the cones for red.
    Protanope,
    /// Lack those for green.
    Deuteranope,
    /// Lack those for blue.
    Tritanope,
}

impl Eyes {
    pub const EACH: [Eyes; 4] = [Eyes::All, Eyes::Protanope, Eyes::Deuteranope, Eyes::Tritanope];

    /// What of linear red, green and blue is seen as red, green and blue: Machado, Oliveira and Fernandes, "A Physiologically-based
    /// Model for Simulation of Color Vision Deficiency", IEEE TVCG 15 (6), 2009, severity 1.0.
    fn matrix(self) -> [[f64; 3]; 3] {
        match self {
            Eyes::All => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            Eyes::Protanope => {
                [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
            }
            Eyes::Deuteranope => {
                [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
            }
            Eyes::Tritanope => {
                [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
            }
        }
    }

    /// A colour as these eyes see it, in CIE L*a*b* under D65.
    pub fn see(self, color: Color) -> [f64; 3] {
        lab(rows(&self.matrix(), linear(color)).map(|part| part.clamp(0.0, 1.0)))
    }
}

fn rows(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(one, other)| one * other).sum())
}

/// Red, green and blue in proportion to light (IEC 61966-2-1).
fn linear(Color(red, green, blue): Color) -> [f64; 3] {
    [red, green, blue].map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

/// CIE L*a*b* of linear sRGB.
fn lab(linear: [f64; 3]) -> [f64; 3] {
    const TO_XYZ: [[f64; 3]; 3] =
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]];
    const WHITE: [f64; 3] = [0.95047, 1.0, 1.08883];
    let bent = |share: f64| if share > 216.0 / 24389.0 { share.cbrt() } else { (24389.0 / 27.0 * share + 16.0) / 116.0 };
    let [x, y, z] = rows(&TO_XYZ, linear);
    let [x, y, z] = [bent(x / WHITE[0]), bent(y / WHITE[1]), bent(z / WHITE[2])];
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Contrast of two colours (WCAG 2.2), 1 to 21.
pub fn contrast(one: Color, other: Color) -> f64 {
    let luminance = |color| {
        let [red, green, blue] = linear(color);
        0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    };
    let (one, other) = (luminance(one), luminance(other));
    one.max(other) / one.min(other)
}

/// CIEDE2000 of two colours in L*a*b*, by the steps of Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula: Implementation
/// Notes, Supplementary Test Data, and Mathematical Observations", Color Research and Application 30 (1), 2005.
pub fn difference([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let seventh = |chroma: f64| (chroma.powi(7) / (chroma.powi(7) + 25f64.powi(7))).sqrt();
    let stretch = 1.5 - 0.5 * seventh((a1.hypot(b1) + a2.hypot(b2)) / 2.0);
    let (a1, a2) = (a1 * stretch, a2 * stretch);
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let gray = c1 * c2 == 0.0;
    let turn = match h2 - h1 {
        _ if gray => 0.0,
        turn if turn > 180.0 => turn - 360.0,
        turn if turn < -180.0 => turn + 360.0,
        turn => turn,
    };
    let (dl, dc) = (l2 - l1, c2 - c1);
    let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
    let (l, c) = ((l1 + l2) / 2.0, (c1 + c2) / 2.0);
    let h = match h1 + h2 {
        sum if gray => sum,
        sum if (h1 - h2).abs() <= 180.0 => sum / 2.0,
        sum if sum < 360.0 => (sum + 360.0) / 2.0,
        sum => (sum - 360.0) / 2.0,
    };
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0) - 0.20 * cos(4.0 * h - 63.0);
    let bend = 30.0 * (-((h - 275.0) / 25.0).powi(2)).exp();
    let off = (l - 50.0).powi(2);
    let dl = dl / (1.0 + 0.015 * off / (20.0 + off).sqrt());
    let dc = dc / (1.0 + 0.045 * c);
    let dh = dh / (1.0 + 0.015 * c * t);
    let both = -(2.0 * bend).to_radians().sin() * 2.0 * seventh(c);
    (dl * dl + dc * dc + dh * dh + both * dc * dh).sqrt()
}

#[test]
fn differences_are_those_of_the_published_pairs() {
    let pairs = [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, 3.1571, -77.2803], [50.0, 0.0, -82.7485], 2.8615),
        ([50.0, 2.8361, -74.0200], [50.0, 0.0, -82.7485], 3.4412),
        ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0000),
        ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
        ([50.0, 2.49, -0.0010], [50.0, -2.49, 0.0009], 7.1792),
        ([50.0, 2.49, -0.0010], [50.0, -2.49, 0.0011], 7.2195),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([50.0, 2.5, 0.0], [61.0, -5.0, 29.0], 22.8977),
        ([50.0, 2.5, 0.0], [56.0, -27.0, -3.0], 31.9030),
        ([50.0, 2.5, 0.0], [58.0, 24.0, 15.0], 19.4535),
        ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
        ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
    ];
    for (one, other, published) in pairs {
        for is in [difference(one, other), difference(other, one)] {
            assert!((is - published).abs() < 5e-5, "{one:?} and {other:?}: {is}, not {published}");
        }
    }
}

#[test]
fn contrast_and_lightness_are_those_of_known_colours() {
    let (black, white) = (Color(0, 0, 0), Color(255, 255, 255));
    assert!((contrast(black, white) - 21.0).abs() < 1e-9);
    assert!((contrast(Color(0x77, 0x77, 0x77), white) - 4.48).abs() < 0.01);
    for eyes in Eyes::EACH {
        let [light, a, b] = eyes.see(white);
        assert!((light - 100.0).abs() < 0.01 && a.abs() < 0.02 && b.abs() < 0.02, "whoever lacks a colour still sees white");
        assert!(eyes.see(black)[0].abs() < 1e-9);
    }
}

#[test]
fn red_and_green_are_near_for_those_who_lack_one_and_blue_and_green_for_those_who_lack_blue() {
    let apart = |eyes: Eyes, one, other| difference(eyes.see(one), eyes.see(other));
    // Of about the same lightness.
    let (red, green) = (Color(0xC8, 0x50, 0x50), Color(0x70, 0x80, 0x30));
    assert!(apart(Eyes::Deuteranope, red, green) < apart(Eyes::All, red, green) / 2.0);
    let (blue, green) = (Color(0x60, 0x90, 0xC0), Color(0x50, 0x98, 0x80));
    assert!(apart(Eyes::Tritanope, blue, green) < apart(Eyes::All, blue, green) / 2.0);
}
