//! Smaller payloads: the length as it was, four bytes little-endian, and a zstd frame.

use std::io::Read;

/// Whether and how payloads are made smaller.
///
/// Entries of either kind are read, whatever this says, so it can be changed at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compress {
    /// By zstd (RFC 8878), at its default level.
    Zstd {
        /// Only payloads of more bytes than this; a smaller one is seldom worth it.
        above: usize,
    },
}

const LEN_BYTES: usize = 4;

/// The payload compressed, if it is worth trying and comes out smaller.
pub(super) fn smaller(payload: &[u8], compress: Compress) -> Option<Vec<u8>> {
    let Compress::Zstd { above } = compress;
    let len_bytes = u32::try_from(payload.len()).ok().filter(|_| payload.len() > above)?;
    let frame = zstd::bulk::compress(payload, zstd::DEFAULT_COMPRESSION_LEVEL).ok()?;
    let smaller = [&len_bytes.to_le_bytes()[..], &frame].concat();
    (smaller.len() < payload.len()).then_some(smaller)
}

/// The payload as it was; none if that is not what this is, or would be larger than the limit.
///
/// Nothing is allocated on the word of the bytes alone: neither their length nor the frame's window.
pub(super) fn restored(payload: &[u8], limit_bytes: usize) -> Option<Vec<u8>> {
    let (len_bytes, frame) = payload.split_at_checked(LEN_BYTES)?;
    let len_bytes = u32::from_le_bytes(len_bytes.try_into().ok()?);
    if usize::try_from(len_bytes).ok()? > limit_bytes {
        return None;
    }
    let mut decoder = zstd::stream::read::Decoder::with_buffer(frame).ok()?.single_frame();
    decoder.window_log_max(window_log(limit_bytes)).ok()?;
    let mut restored = Vec::new();
    decoder.by_ref().take(u64::from(len_bytes) + 1).read_to_end(&mut restored).ok()?;
    (restored.len() as u64 == u64::from(len_bytes) && decoder.finish().is_empty()).then_some(restored)
}

/// The window that a payload within the limit may have needed: the next power of two, and no less than the default
/// level's.
fn window_log(limit_bytes: usize) -> u32 {
    const OF_DEFAULT_LEVEL: u32 = 21;
    const LARGEST: u32 = 27;
    let window_bytes = limit_bytes.max(1).checked_next_power_of_two();
    window_bytes.map_or(LARGEST, |bytes| bytes.trailing_zeros().clamp(OF_DEFAULT_LEVEL, LARGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Compress = Compress::Zstd { above: 100 };

    #[test]
    fn s05_only_what_is_above_the_threshold_and_comes_out_smaller_is_compressed() {
        assert_eq!(smaller(&[7; 100], ANY), None, "not above it");
        let noise: Vec<u8> = (0..200_u32).flat_map(|at| crc32fast::hash(&at.to_le_bytes()).to_le_bytes()).collect();
        assert_eq!(smaller(&noise, ANY), None, "it would be larger");
        let small = smaller(&[7; 5_000], ANY).expect("it is smaller");
        assert!(small.len() < 100, "{}", small.len());
        assert_eq!(restored(&small, 5_000), Some(vec![7; 5_000]));
    }

    #[test]
    fn s06_what_would_be_larger_than_the_limit_is_refused_before_it_is() {
        let bomb = smaller(&vec![0; 64 << 20], ANY).expect("it is smaller");
        assert!(bomb.len() < 10_000);
        assert_eq!(restored(&bomb, 32 << 20), None);
        let mut liar = bomb;
        liar[..LEN_BYTES].copy_from_slice(&1_000_u32.to_le_bytes());
        assert_eq!(restored(&liar, 32 << 20), None, "whatever it says of itself");
    }

    #[test]
    fn s09_what_is_no_frame_is_refused() {
        let small = smaller(&[7; 5_000], ANY).expect("it is smaller");
        for cut in 0..small.len() {
            assert_eq!(restored(&small[..cut], 5_000), None, "cut at {cut}");
        }
        assert_eq!(restored(&[&small[..], b"x"].concat(), 5_000), None, "something behind it");
        assert_eq!(restored(&[0xff; 100], usize::MAX), None);
    }
}
