//! Reading what bincode wrote, in its standard configuration, from bytes that are all there.
//!
//! bincode's own reader asks a limit before every number, so that no length claims more than there is, and clears the room
//! for a text before it is copied there. Here the bytes that are left are the limit, which nothing has to count; a hit in a
//! store spends half of its instructions on this.
//!
//! The format: numbers below 251 are a byte; 251, 252, 253 and 254 stand before one of 2, 4, 8 and 16 bytes, little-endian;
//! signed numbers have their sign last. Lengths and the numbers of variants are such numbers. Bytes and floats are plain,
//! texts are UTF-8, fields stand one after another without their names.

use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use std::fmt;

/// Bytes that are being read.
pub(super) struct Reader<'de> {
    left: &'de [u8],
}

/// Why bytes are no value of the type that was asked for.
#[derive(Debug)]
pub(super) enum Problem {
    /// More was announced than there is.
    Short,
    /// A number is too large for its type, or no number of this format.
    Number,
    /// Neither true nor false, neither there nor not.
    Flag,
    Utf8(std::str::Utf8Error),
    /// The format does not say what comes; a type has to.
    Unnamed,
    Type(String),
}

type Result<T> = std::result::Result<T, Problem>;

/// So many elements may have no bytes at all, as units have: a length that nothing stands behind keeps nobody busy.
const MAX_EMPTY: usize = 1 << 20;

/// What stands before a number that takes more than a byte.
const U16: u8 = 251;
const U32: u8 = 252;
const U64: u8 = 253;
const U128: u8 = 254;

impl<'de> Reader<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { left: bytes }
    }

    /// What was not read yet.
    pub(super) fn left(&self) -> &'de [u8] {
        self.left
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, left) = self.left.split_first_chunk::<N>().ok_or(Problem::Short)?;
        self.left = left;
        Ok(*array)
    }

    #[inline]
    fn byte(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    /// A number of a type whose widest form begins with `WIDEST`: shorter ones are written as short as they are.
    #[inline]
    fn number<const WIDEST: u8>(&mut self) -> Result<u64> {
        match self.byte()? {
            byte if byte < U16 => Ok(u64::from(byte)),
            U16 => self.array().map(|bytes| u64::from(u16::from_le_bytes(bytes))),
            U32 if WIDEST >= U32 => self.array().map(|bytes| u64::from(u32::from_le_bytes(bytes))),
            U64 if WIDEST >= U64 => self.array().map(u64::from_le_bytes),
            _ => Err(Problem::Number),
        }
    }

    fn wide_number(&mut self) -> Result<u128> {
        match self.left.first() {
            Some(&U128) => {
                self.byte()?;
                self.array().map(u128::from_le_bytes)
            }
            _ => self.number::<U64>().map(u128::from),
        }
    }

    #[inline]
    fn signed<const WIDEST: u8>(&mut self) -> Result<i64> {
        let number = self.number::<WIDEST>()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn wide_signed(&mut self) -> Result<i128> {
        let number = self.wide_number()?;
        Ok((number >> 1) as i128 ^ -((number & 1) as i128))
    }

    #[inline]
    fn flag(&mut self) -> Result<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Problem::Flag),
        }
    }

    #[inline]
    fn length(&mut self) -> Result<usize> {
        usize::try_from(self.number::<U64>()?).map_err(|_| Problem::Number)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'de [u8]> {
        let len = self.length()?;
        let (bytes, left) = self.left.split_at_checked(len).ok_or(Problem::Short)?;
        self.left = left;
        Ok(bytes)
    }

    #[inline]
    fn text(&mut self) -> Result<&'de str> {
        std::str::from_utf8(self.bytes()?).map_err(Problem::Utf8)
    }

    /// Copied before it is checked: what begins at a word's beginning is checked by words.
    #[inline]
    fn own_text(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|refused| Problem::Utf8(refused.utf8_error()))
    }

    fn character(&mut self) -> Result<char> {
        let len = match self.left.first().ok_or(Problem::Short)? {
            0x00..0xc0 => 1,
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..=0xff => 4,
        };
        let (bytes, left) = self.left.split_at_checked(len).ok_or(Problem::Short)?;
        self.left = left;
        std::str::from_utf8(bytes).map_err(Problem::Utf8)?.chars().next().ok_or(Problem::Short)
    }

    /// Elements of which there are said to be so many.
    #[inline]
    fn elements(&mut self, count: usize) -> Result<Elements<'_, 'de>> {
        if count > self.left.len().max(MAX_EMPTY) {
            return Err(Problem::Short);
        }
        Ok(Elements { reader: self, count })
    }
}

macro_rules! read {
    ($($method:ident $visit:ident $read:expr;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            let read: fn(&mut Reader<'de>) -> Result<_> = $read;
            visitor.$visit(read(self)?)
        }
    )*};
}

fn fits<T, N: TryInto<T>>(number: N) -> Result<T> {
    number.try_into().map_err(|_| Problem::Number)
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Problem;

    read! {
        deserialize_bool visit_bool Reader::flag;
        deserialize_u8 visit_u8 Reader::byte;
        deserialize_u16 visit_u16 |reader| fits(reader.number::<U16>()?);
        deserialize_u32 visit_u32 |reader| fits(reader.number::<U32>()?);
        deserialize_u64 visit_u64 Reader::number::<U64>;
        deserialize_u128 visit_u128 Reader::wide_number;
        deserialize_i8 visit_i8 |reader| reader.array().map(i8::from_le_bytes);
        deserialize_i16 visit_i16 |reader| fits(reader.signed::<U16>()?);
        deserialize_i32 visit_i32 |reader| fits(reader.signed::<U32>()?);
        deserialize_i64 visit_i64 Reader::signed::<U64>;
        deserialize_i128 visit_i128 Reader::wide_signed;
        deserialize_f32 visit_f32 |reader| reader.array().map(f32::from_le_bytes);
        deserialize_f64 visit_f64 |reader| reader.array().map(f64::from_le_bytes);
        deserialize_char visit_char Reader::character;
        deserialize_str visit_borrowed_str Reader::text;
        deserialize_string visit_string Reader::own_text;
        deserialize_bytes visit_borrowed_bytes Reader::bytes;
        deserialize_byte_buf visit_byte_buf |reader| reader.bytes().map(<[u8]>::to_vec);
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        Err(Problem::Unnamed)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.flag()? { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let count = self.length()?;
        visitor.visit_seq(self.elements(count)?)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(Elements { reader: self, count })
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, count: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(count, visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let count = self.length()?;
        visitor.visit_map(self.elements(count)?)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        Err(Problem::Unnamed)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        Err(Problem::Unnamed)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// What stands one after another: elements, fields, or keys each with its value.
struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    count: usize,
}

impl<'de> Elements<'_, 'de> {
    #[inline]
    fn next<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.count == 0 {
            return Ok(None);
        }
        self.count -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    /// What takes up no bytes takes up no room either.
    fn hint(&self) -> Option<usize> {
        Some(self.count.min(self.reader.left.len()))
    }
}

impl<'de> de::SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Problem;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.hint()
    }
}

impl<'de> de::MapAccess<'de> for Elements<'_, 'de> {
    type Error = Problem;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.next(seed)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        self.hint()
    }
}

impl<'de> de::EnumAccess<'de> for &mut Reader<'de> {
    type Error = Problem;
    type Variant = Self;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        let number: u32 = fits(self.number::<U32>()?)?;
        let number: U32Deserializer<Problem> = number.into_deserializer();
        Ok((seed.deserialize(number)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for &mut Reader<'de> {
    type Error = Problem;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(count, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(said: T) -> Self {
        Self::Type(said.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("more was announced than there is"),
            Self::Number => f.write_str("a number does not fit its type"),
            Self::Flag => f.write_str("a flag is neither zero nor one"),
            Self::Utf8(_) => f.write_str("a text is not UTF-8"),
            Self::Unnamed => f.write_str("the type leaves to the bytes what comes next, and these do not say"),
            Self::Type(said) => f.write_str(said),
        }
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Utf8(cause) => Some(cause),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
