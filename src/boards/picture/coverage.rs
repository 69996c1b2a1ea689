//! Which characters a face has, and how wide they are.

use resvg::usvg::fontdb::Database;
use resvg::usvg::fontdb::ID;
use skrifa::FontRef;
use skrifa::MetadataProvider;
use skrifa::instance::LocationRef;
use skrifa::instance::Size;

/// The characters of a face: stretches of code points, both ends included, in order.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    stretches: Vec<(u32, u32)>,
}

impl Coverage {
    /// Reads them from a face; none where it cannot be read.
    pub(super) fn read(fonts: &Database, face: ID) -> Self {
        let points = fonts.with_face_data(face, |data, index| {
            let font = FontRef::from_index(data, index).ok()?;
            let mapped = font
                .charmap()
                .mappings()
                .filter(|(_, glyph)| glyph.to_u32() != 0);
            Some(mapped.map(|(point, _)| point).collect::<Vec<u32>>())
        });
        Self::of(points.flatten().unwrap_or_default())
    }

    fn of(mut points: Vec<u32>) -> Self {
        points.sort_unstable();
        let mut stretches: Vec<(u32, u32)> = Vec::new();
        for point in points {
            match stretches.last_mut() {
                Some((_, last)) if point <= *last + 1 => *last = point,
                _ => stretches.push((point, point)),
            }
        }
        Self { stretches }
    }

    /// Whether the face has that character.
    pub(super) fn has(&self, c: char) -> bool {
        let point = u32::from(c);
        let after = self.stretches.partition_point(|&(first, _)| first <= point);
        after > 0 && point <= self.stretches[after - 1].1
    }
}

/// How wide each of these texts is in a face at a size of one, as far as single characters tell: what
/// shaping makes narrower or wider is left out.
pub(super) fn widths<'a>(
    fonts: &Database,
    face: ID,
    texts: impl Iterator<Item = &'a str>,
) -> Vec<f32> {
    let texts: Vec<&str> = texts.collect();
    let read = fonts.with_face_data(face, |data, index| {
        let font = FontRef::from_index(data, index).ok()?;
        let charmap = font.charmap();
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        let width = |c: char| {
            let glyph = charmap.map(c)?;
            metrics.advance_width(glyph)
        };
        let sum = |text: &&str| text.chars().filter_map(width).sum::<f32>();
        Some(texts.iter().map(sum).collect::<Vec<f32>>())
    });
    // A face that cannot be measured: as wide as its text at most.
    read.flatten().unwrap_or_else(|| {
        texts
            .iter()
            .map(|text| text.chars().count() as f32)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_hold_exactly_what_they_were_made_of() {
        let points = [65, 66, 67, 0x4e00, 0x4e02, 0x4e01, 0x1f600, 66];
        let coverage = Coverage::of(points.to_vec());
        assert_eq!(coverage.stretches.len(), 3);
        for c in "ABC一丁丂😀".chars() {
            assert!(coverage.has(c), "{c}");
        }
        for c in "@D丄😁\0".chars() {
            assert!(!coverage.has(c), "{c}");
        }
        assert!(!Coverage::default().has('A'));
    }
}
