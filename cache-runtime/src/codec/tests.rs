//! Every codec of the build reads back what it wrote, and refuses what it did not.

use super::*;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Role {
    Member,
    Owner { since: u64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    name: String,
    roles: Vec<Role>,
    scores: BTreeMap<u32, f64>,
    nested: Option<Box<Everything>>,
    blob: Vec<u8>,
    unit: (),
}

fn example() -> Everything {
    let inner = Everything {
        name: String::new(),
        roles: vec![],
        scores: BTreeMap::new(),
        nested: None,
        blob: vec![7; 100_000],
        unit: (),
    };
    Everything {
        name: "żółw 🐢 \0".into(),
        roles: vec![Role::Member, Role::Owner { since: u64::MAX }],
        scores: BTreeMap::from([(1, -0.5), (2, f64::MAX)]),
        nested: Some(Box::new(inner)),
        blob: vec![],
        unit: (),
    }
}

/// What the first release wrote for [`small`], in `tests/golden`: every later one has to read it.
fn check_golden<C: Codec>(codec: C, golden: &[u8]) {
    let mut output = Output::new(1 << 20);
    codec.encode(&small(), &mut output).expect("the example can be written");
    assert_eq!(codec.decode::<Everything>(golden).expect("still readable"), small());
    assert_eq!(output.into_bytes(), golden, "and is what is written");
}

fn small() -> Everything {
    Everything { nested: None, blob: vec![0, 127, 128, 255], ..example() }
}

fn encoded<C: Codec>(codec: C, limit_bytes: usize) -> Result<Vec<u8>, CodecError> {
    let mut output = Output::new(limit_bytes);
    codec.encode(&example(), &mut output).map(|()| output.into_bytes())
}

fn check<C: Codec + Copy>(codec: C) {
    let bytes = encoded(codec, 1 << 20).expect("the example can be written");
    assert_eq!(codec.decode::<Everything>(&bytes).expect("and read"), example());

    let full = encoded(codec, 1_000).expect_err("the blob alone is larger");
    assert!(matches!(full, CodecError::TooLarge { limit_bytes: 1_000 }), "{full}");

    assert!(codec.decode::<Everything>(&bytes[..bytes.len() - 1]).is_err(), "cut short");
    let longer = [&bytes[..], b"x"].concat();
    assert!(codec.decode::<Everything>(&longer).is_err(), "something left over");
    for seed in 0..2_000_u32 {
        let noise: Vec<u8> =
            (0..40_u32).map(|at| (seed.wrapping_mul(2_654_435_761) >> (at % 24)) as u8 ^ at as u8).collect();
        let _neither_panics_nor_allocates = codec.decode::<Everything>(&noise);
    }
}

#[cfg(feature = "bincode")]
#[test]
fn bincode_reads_back_what_it_wrote() {
    check(Bincode);
    check_golden(Bincode, include_bytes!("../../tests/golden/bincode_v1.bin"));
}

#[cfg(feature = "postcard")]
#[test]
fn postcard_reads_back_what_it_wrote() {
    check(Postcard);
    check_golden(Postcard, include_bytes!("../../tests/golden/postcard_v1.bin"));
}

#[cfg(feature = "msgpack")]
#[test]
fn message_pack_reads_back_what_it_wrote() {
    check(MessagePack);
    check_golden(MessagePack, include_bytes!("../../tests/golden/msgpack_v1.bin"));
}

#[cfg(feature = "json")]
#[test]
fn json_reads_back_what_it_wrote() {
    check(Json);
    check_golden(Json, include_bytes!("../../tests/golden/json_v1.bin"));
}
