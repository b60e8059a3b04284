//! Small pictures with transparency, laid over an RGB8 picture.

use tiny_skia::{Pixmap, PremultipliedColorU8};

/// An RGB8 picture to draw on: rows from the top, without gaps.
#[derive(Debug)]
pub struct Canvas<'p> {
    /// Its bytes, `size.0 * size.1 * 3`.
    pub rgb: &'p mut [u8],
    /// Width and height in pixels.
    pub size: (u32, u32),
}

/// So many pixels in turn that nothing shines through are copied at once; fewer are not worth the trouble.
const SOLID_FROM: usize = 8;

/// A picture kept as its runs of pixels that are not wholly transparent, so that laying it costs only what is seen.
#[derive(Debug, Clone, Default)]
pub struct Sprite {
    runs: Vec<Run>,
    /// Red, green, blue of the solid runs, one after the other.
    solid: Vec<u8>,
    /// Premultiplied red, green, blue and alpha of the others.
    pixels: Vec<[u8; 4]>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    x: i32,
    y: i32,
    length: u32,
    /// Nothing shines through.
    is_solid: bool,
}

impl Sprite {
    /// Cuts the seen pixels out of a picture whose top left corner shall lie at `corner`, relative to where the sprite will be laid.
    pub fn cut(picture: &Pixmap, corner: (i32, i32)) -> Sprite {
        let mut sprite = Sprite::default();
        let width = picture.width() as usize;
        for (y, row) in picture.pixels().chunks_exact(width.max(1)).enumerate() {
            let mut x = 0;
            while let Some(first) = row.get(x..).and_then(|rest| rest.iter().position(|pixel| pixel.alpha() > 0)) {
                let start = x + first;
                let rest = row.get(start..).unwrap_or_default();
                let run = rest.get(..run_length(rest)).unwrap_or_default();
                let is_solid = is_solid(run);
                for pixel in run {
                    let rgb = [pixel.red(), pixel.green(), pixel.blue()];
                    if is_solid {
                        sprite.solid.extend(rgb);
                    } else {
                        sprite.pixels.push([rgb[0], rgb[1], rgb[2], pixel.alpha()]);
                    }
                }
                let (x_at, y_at) = (start as i32 + corner.0, y as i32 + corner.1);
                sprite.runs.push(Run { x: x_at, y: y_at, length: run.len() as u32, is_solid });
                x = start + run.len();
            }
        }
        sprite
    }

    /// Lays it on the picture, cut at its edges.
    pub fn lay(&self, canvas: &mut Canvas<'_>, at: (i32, i32)) {
        let (width, height) = (i64::from(canvas.size.0), i64::from(canvas.size.1));
        let (mut solid, mut pixels) = (self.solid.as_slice(), self.pixels.as_slice());
        for run in &self.runs {
            let length = run.length as usize;
            let (own_solid, rest) = solid.split_at(if run.is_solid { length * 3 } else { 0 }.min(solid.len()));
            solid = rest;
            let (own, rest) = pixels.split_at(if run.is_solid { 0 } else { length }.min(pixels.len()));
            pixels = rest;
            let (x, y) = (i64::from(run.x) + i64::from(at.0), i64::from(run.y) + i64::from(at.1));
            let (from, to) = (x.max(0), (x + i64::from(run.length)).min(width));
            if !(0..height).contains(&y) || from >= to {
                continue;
            }
            let (first, last) = ((from - x) as usize, (to - x) as usize);
            let start = ((y * width + from) * 3) as usize;
            let under = canvas.rgb.get_mut(start..start + (last - first) * 3).unwrap_or_default();
            if run.is_solid {
                if let Some(own) = own_solid.get(first * 3..last * 3).filter(|own| own.len() == under.len()) {
                    under.copy_from_slice(own);
                }
                continue;
            }
            let own = own.get(first..last).unwrap_or_default();
            for (under, [red, green, blue, alpha]) in under.chunks_exact_mut(3).zip(own) {
                let left = 255 - u32::from(*alpha);
                for (under, over) in under.iter_mut().zip([red, green, blue]) {
                    *under = (u32::from(*over) + (u32::from(*under) * left + 127) / 255).min(255) as u8;
                }
            }
        }
    }
}

fn is_solid(run: &[PremultipliedColorU8]) -> bool {
    run.len() >= SOLID_FROM && run.iter().all(|pixel| pixel.alpha() == u8::MAX)
}

/// How many of these pixels are laid alike: solid ones, or those before the next solid ones.
fn run_length(pixels: &[PremultipliedColorU8]) -> usize {
    let solid = |from: usize| pixels.iter().skip(from).take_while(|pixel| pixel.alpha() == u8::MAX).count();
    if solid(0) >= SOLID_FROM {
        return solid(0);
    }
    let mut length = 0;
    while pixels.get(length).is_some_and(|pixel| pixel.alpha() > 0) {
        match solid(length) {
            SOLID_FROM.. => break,
            solid => length += solid.max(1),
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_cut_is_laid_as_it_was(
            alphas in prop::collection::vec(prop_oneof![Just(0u8), Just(255), Just(255), Just(255), any::<u8>()], 60),
            solid_from in 0usize..40,
            (x, y) in (-25i32..25, -4i32..4),
        ) {
            let mut picture = Pixmap::new(20, 3).unwrap();
            for (number, (pixel, alpha)) in picture.pixels_mut().iter_mut().zip(&alphas).enumerate() {
                let alpha = if number >= solid_from { *alpha } else { 255 };
                *pixel = PremultipliedColorU8::from_rgba(alpha / 2, alpha / 3, alpha, alpha).unwrap();
            }
            let (width, height) = (24i32, 4i32);
            let ground: Vec<u8> = (0..width * height * 3).map(|byte| byte as u8).collect();
            let mut laid = ground.clone();
            Sprite::cut(&picture, (1, -1)).lay(&mut Canvas { rgb: &mut laid, size: (24, 4) }, (x, y));
            let mut wanted = ground;
            for (number, pixel) in (0..).zip(picture.pixels()) {
                let (at_x, at_y) = (number % 20 + 1 + x, number / 20 - 1 + y);
                if !(0..width).contains(&at_x) || !(0..height).contains(&at_y) {
                    continue;
                }
                let start = ((at_y * width + at_x) * 3) as usize;
                for (under, over) in wanted[start..start + 3].iter_mut().zip([pixel.red(), pixel.green(), pixel.blue()]) {
                    let left = 255 - u32::from(pixel.alpha());
                    *under = (u32::from(over) + (u32::from(*under) * left + 127) / 255) as u8;
                }
            }
            prop_assert_eq!(laid, wanted);
        }
    }
}
