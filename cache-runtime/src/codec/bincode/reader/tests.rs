//! What bincode reads, this reads alike; and what bincode refuses, this refuses.

use super::*;
use crate::draws::Draws;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Numbers {
    flag: bool,
    unsigned: (u8, u16, u32, u64, u128, usize),
    signed: (i8, i16, i32, i64, i128, isize),
    floats: [f64; 2],
    float: f32,
    character: char,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Nothing,
    One(Box<Shape>),
    Two(u16, i32),
    Named { text: String, rest: Vec<Shape> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(Option<u64>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    numbers: Vec<Numbers>,
    shapes: BTreeMap<String, Shape>,
    units: (Unit, ()),
    wrapped: [Wrapped; 2],
    text: Box<str>,
}

fn numbers(of: u64) -> Numbers {
    let signed = of as i64;
    Numbers {
        flag: of.is_multiple_of(2),
        unsigned: (of as u8, of as u16, of as u32, of, u128::from(of) << (of % 64), of as usize),
        signed: (of as i8, of as i16, of as i32, signed, i128::from(signed) << (of % 64), signed as isize),
        floats: [of as f64, -0.0],
        float: of as f32 / 3.0,
        character: char::from_u32(of as u32 % 0x11_0000).unwrap_or('ż'),
    }
}

fn everything(of: u64) -> Everything {
    let named = Shape::Named { text: "żółw 🐢".to_owned(), rest: vec![Shape::Two(of as u16, -(of as i32 / 2))] };
    Everything {
        numbers: (0..of % 3).map(|at| numbers(of.rotate_left(at as u32 * 13))).collect(),
        shapes: BTreeMap::from([
            (of.to_string(), Shape::One(Box::new(named))),
            ("x".repeat(of as usize % 300), Shape::Nothing),
        ]),
        units: (Unit, ()),
        wrapped: [Wrapped(None), Wrapped(Some(of))],
        text: "\0".into(),
    }
}

/// The numbers at which the format changes, and a few others.
fn telling() -> impl Iterator<Item = u64> {
    let around = [0, 125, 250, 256, 32_768, 65_536, 1 << 31, 1 << 32, 1 << 63];
    around.into_iter().flat_map(|at: u64| (0..4).map(move |off| at.wrapping_add(off).wrapping_sub(1)))
}

/// Also told apart: by how many bytes were read.
fn of_ours<T: DeserializeOwned>(bytes: &[u8]) -> Option<(T, usize)> {
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader).ok()?;
    Some((value, bytes.len() - reader.left().len()))
}

/// Without a limit it would try to make room for whatever a length announces.
fn of_bincode<T: DeserializeOwned>(bytes: &[u8]) -> Option<(T, usize)> {
    bincode::serde::decode_from_slice(bytes, bincode::config::standard().with_limit::<100_000>()).ok()
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).expect("it can be written")
}

/// Compared as they are shown: no float that is none equals itself.
#[track_caller]
fn check<T: DeserializeOwned + Debug>(bytes: &[u8]) -> bool {
    let (ours, theirs) = (of_ours::<T>(bytes), of_bincode::<T>(bytes));
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{bytes:?}");
    ours.is_some()
}

#[test]
fn what_bincode_wrote_is_read_as_bincode_reads_it() {
    for of in telling() {
        assert!(check::<Numbers>(&written(&numbers(of))), "{of}");
        let bytes = written(&everything(of));
        assert_eq!(of_ours(&bytes), Some((everything(of), bytes.len())), "{of}");
        for end in 0..bytes.len() {
            assert_eq!(of_ours::<Everything>(&bytes[..end]), None, "cut short at {end}");
        }
    }
}

/// Some of what is changed in a place or three is still a value, and it is the same value.
#[test]
fn what_bincode_refuses_is_refused_and_nothing_else() {
    let mut draws = Draws::new();
    let all: Vec<u64> = telling().collect();
    let (mut read, mut refused) = (0, 0);
    for _ in 0..4_000 {
        let of = all[draws.below(all.len())];
        let mut bytes = if draws.below(2) == 0 { written(&numbers(of)) } else { written(&everything(of)) };
        for _ in 0..=draws.below(3) {
            let at = draws.below(bytes.len());
            bytes[at] = [0, 1, 2, 127, 128, 250, 251, 252, 253, 254, 255, draws.below(256) as u8][draws.below(12)];
        }
        for is_read in [check::<Numbers>(&bytes), check::<Everything>(&bytes), check::<Vec<Shape>>(&bytes)] {
            *(if is_read { &mut read } else { &mut refused }) += 1;
        }
    }
    assert!(read > 500 && refused > 500, "{read} {refused}");
}

#[test]
fn a_length_that_nothing_stands_behind_takes_no_room_and_no_time() {
    let huge = written(&(u64::MAX >> 8));
    assert_eq!(of_ours::<String>(&huge), None);
    assert_eq!(of_ours::<Vec<u64>>(&huge), None);
    assert_eq!(of_ours::<Vec<()>>(&huge), None, "of elements that have no bytes there could be as many");
    assert_eq!(of_ours::<BTreeMap<(), ()>>(&huge), None);
    assert_eq!(of_ours::<Vec<()>>(&written(&vec![(); 70_000])), Some((vec![(); 70_000], 5)));
    let mut reader = Reader::new(&[1, 2]);
    assert_eq!(reader.elements(1_000_000).expect("units may be as many").hint(), Some(2));
}

#[test]
fn a_type_that_asks_the_bytes_what_they_are_is_told_that_they_do_not_say() {
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Either {
        #[allow(dead_code)]
        Number(u64),
    }
    let mut reader = Reader::new(&[1]);
    let problem = Either::deserialize(&mut reader).expect_err("it is not known what comes");
    assert!(problem.to_string().contains("do not say"), "{problem}");
}
