//! Small pictures with transparency, laid over an RGB8 picture.

use tiny_skia::Pixmap;

/// An RGB8 picture to draw on: rows from the top, without gaps.
#[derive(Debug)]
pub struct Canvas<'p> {
    /// Its bytes, `size.0 * size.1 * 3`.
    pub rgb: &'p mut [u8],
    /// Width and height in pixels.
    pub size: (u32, u32),
}

/// A picture kept as its runs of pixels that are not wholly transparent, so that laying it costs only what is seen.
#[derive(Debug, Clone, Default)]
pub struct Sprite {
    runs: Vec<Run>,
    /// Premultiplied red, green, blue and alpha, run after run.
    pixels: Vec<[u8; 4]>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    x: i32,
    y: i32,
    length: u32,
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
                let seen = row.get(start..).unwrap_or_default().iter().take_while(|pixel| pixel.alpha() > 0);
                let before = sprite.pixels.len();
                sprite.pixels.extend(seen.map(|pixel| [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]));
                let length = sprite.pixels.len() - before;
                sprite.runs.push(Run { x: start as i32 + corner.0, y: y as i32 + corner.1, length: length as u32 });
                x = start + length;
            }
        }
        sprite
    }

    /// Lays it on the picture, cut at its edges.
    pub fn lay(&self, canvas: &mut Canvas<'_>, at: (i32, i32)) {
        let (width, height) = (i64::from(canvas.size.0), i64::from(canvas.size.1));
        let mut pixels = self.pixels.as_slice();
        for run in &self.runs {
            let (own, rest) = pixels.split_at((run.length as usize).min(pixels.len()));
            pixels = rest;
            let (x, y) = (i64::from(run.x) + i64::from(at.0), i64::from(run.y) + i64::from(at.1));
            let (from, to) = (x.max(0), (x + i64::from(run.length)).min(width));
            if !(0..height).contains(&y) || from >= to {
                continue;
            }
            let own = own.get((from - x) as usize..(to - x) as usize).unwrap_or_default();
            let start = ((y * width + from) * 3) as usize;
            let under = canvas.rgb.get_mut(start..start + own.len() * 3).unwrap_or_default();
            for (under, [red, green, blue, alpha]) in under.chunks_exact_mut(3).zip(own) {
                let left = 255 - u32::from(*alpha);
                for (under, over) in under.iter_mut().zip([red, green, blue]) {
                    *under = (u32::from(*over) + (u32::from(*under) * left + 127) / 255).min(255) as u8;
                }
            }
        }
    }
}
