use super::*;

fn example() -> Envelope<'static> {
    Envelope {
        codec: 1,
        absent: false,
        packing: 0,
        identity: 0x0123_4567_89ab_cdef,
        schema: Schema(7),
        loaded_at_ms: 1_700_000_000_000,
        ttl_ms: 300_000,
        load_cost_ms: 12,
        stamps: vec![(Partition(0), Stamp { epoch: u64::MAX, seq: 3 }), (Partition(9), Stamp { epoch: 1, seq: 0 })]
            .into_iter()
            .collect(),
        dependencies: vec!["tag:a", ""],
        has_own_life: false,
        validators: None,
    }
}

#[test]
fn what_was_sealed_opens() {
    let bytes = example().seal(b"payload");
    assert_eq!(Envelope::open(&bytes), Ok((example(), &b"payload"[..])));
    assert_eq!(identity_of(&bytes[..HEAD_BYTES]), Some(example().identity));
}

fn told() -> Envelope<'static> {
    let validators = Validators { etag: Some("\"v1\"".into()), last_modified: None };
    Envelope { has_own_life: true, validators: Some(Arc::new(validators)), ..example() }
}

/// I05: validators and a life of its own travel with the entry; a program that knows nothing of them does not know the
/// format.
#[test]
fn what_a_load_said_of_its_value_is_of_a_format_of_its_own() {
    let bytes = told().seal(b"payload");
    assert_eq!(Envelope::open(&bytes), Ok((told(), &b"payload"[..])));
    assert_eq!((bytes[4], example().seal(b"")[4]), (TOLD_FORMAT, FORMAT));
    let only_life = Envelope { validators: None, ..told() };
    assert_eq!(Envelope::open(&only_life.seal(b"")), Ok((only_life, &b""[..])));
    let packed = Envelope { packing: COMPRESSED, has_own_life: false, ..told() };
    assert_eq!(Envelope::open(&packed.seal(b"")), Ok((packed, &b""[..])));
    let unknown = Envelope { packing: 16, ..told() };
    assert_eq!(Envelope::open(&unknown.seal(b"")), Err(Unreadable::Packing));
}

#[test]
fn the_third_format_stays_readable() {
    let golden = include_bytes!("../../tests/golden/envelope_v3.bin");
    assert_eq!(Envelope::open(golden), Ok((told(), &b"payload"[..])));
    assert_eq!(told().seal(b"payload"), golden, "and is what is written");
}

/// S03: the header is under the checksum as well.
#[test]
fn an_altered_byte_anywhere_makes_it_unreadable() {
    let bytes = example().seal(b"payload");
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 0x10;
        assert!(Envelope::open(&altered).is_err(), "byte {at}");
        assert!(Envelope::open(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn no_clock_prolongs_a_life() {
    let envelope = example();
    assert_eq!(envelope.remaining_ms(envelope.loaded_at_ms + 1_000), 299_000);
    assert_eq!(envelope.remaining_ms(0), 300_000, "a clock that went back");
    assert_eq!(envelope.remaining_ms(u64::MAX), 0);
}

/// S02.
#[test]
fn the_first_format_stays_readable() {
    let golden = include_bytes!("../../tests/golden/envelope_v1.bin");
    assert_eq!(Envelope::open(golden), Ok((example(), &b"payload"[..])));
    assert_eq!(example().seal(b"payload"), golden, "and is what is written");
}
