//! Which kinds of rings there are.

use crate::abi::kind;
use crate::element::Element;

/// What a ring is of: an [`Element`], [`Bytes`] or [`Text`].
pub trait Kind: sealed::Kind {}

impl<T: sealed::Kind> Kind for T {}

/// Messages of bytes: `of: 'bytes'`.
#[derive(Clone, Copy, Debug)]
pub struct Bytes(());

/// Messages of text: `of: 'string'`.
#[derive(Clone, Copy, Debug)]
pub struct Text(());

pub(crate) mod sealed {
    pub trait Kind: 'static {
        /// A number of `abi::kind`.
        const CODE: u32;
        /// Bytes of an element; 1 where elements are messages.
        const ELEMENT: u32;
        /// The smallest ring, in bytes.
        const LEAST: u32;
        /// What a record is made of; empty for other kinds.
        fn schema() -> String;
        /// As a token has it.
        fn of() -> String;
    }
}

impl<T: Element> sealed::Kind for T {
    const CODE: u32 = T::CODE;
    const ELEMENT: u32 = {
        assert!(
            size_of::<T>() <= 1 << 20,
            "the largest record has 2^20 bytes"
        );
        assert!(T::DEPTH <= 8, "records are nested at most 8 deep");
        size_of::<T>() as u32
    };
    const LEAST: u32 = size_of::<T>() as u32;

    fn schema() -> String {
        if T::CODE == kind::RECORD {
            T::schema()
        } else {
            String::new()
        }
    }

    fn of() -> String {
        if T::CODE == kind::RECORD {
            format!("record{}", T::schema())
        } else {
            T::schema()
        }
    }
}

macro_rules! messages {
    ($kind:ty, $code:ident, $of:literal) => {
        impl sealed::Kind for $kind {
            const CODE: u32 = kind::$code;
            const ELEMENT: u32 = 1;
            // A message of eight bytes.
            const LEAST: u32 = 16;

            fn schema() -> String {
                String::new()
            }

            fn of() -> String {
                $of.into()
            }
        }
    };
}

messages!(Bytes, BYTES, "bytes");
messages!(Text, STRING, "string");
