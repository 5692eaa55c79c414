//! What the addon and another `.node` image say to each other: a table of C functions, and C structs.
//!
//! Both sides compile this file, each into its own image, which may come from another compiler and another version. So
//! no type of Rust crosses: only what has a layout in C. Memory is freed by the image that has allocated it. No panic
//! leaves a function.
//!
//! # Versions
//!
//! The first three fields of [`Table`] stay where they are for ever. A change that an older reader could not stand gets
//! a new [`ABI`] or [`LAYOUT`]; new functions go to the end of the table, and whoever calls one looks at `size` first.

use core::ffi::c_void;

/// Version of the table and of what its functions mean.
pub(crate) const ABI: u32 = 1;

/// Version of what lies in a ring: numbers of kinds, headers of messages, texts of schemas.
pub(crate) const LAYOUT: u32 = 1;

/// Marks the object that carries a [`Table`] through JavaScript (`napi_type_tag_object`), so that no other object is
/// taken for it. The same for all versions.
pub(crate) const TAG: (u64, u64) = (0x6372_6f73_7363_6f72, 0x652d_6e61_7469_7665);

/// Bytes of another image, often UTF-8. It is said where it is used how long they live.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Text {
    /// The first byte; dangling or null if there are none.
    pub(crate) at: *const u8,
    /// How many.
    pub(crate) length: usize,
}

impl Text {
    /// Borrows `text`.
    pub(crate) const fn of(text: &str) -> Self {
        Self {
            at: text.as_ptr(),
            length: text.len(),
        }
    }

    /// No bytes.
    pub(crate) const EMPTY: Self = Self::of("");

    /// The bytes.
    ///
    /// # Safety
    ///
    /// They are alive and unchanged for as long as `'a`.
    pub(crate) unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: INV-ABI-2: the caller's promise.
        unsafe { core::slice::from_raw_parts(self.at, self.length) }
    }
}

/// One end of a ring, in the addon. Whoever has the pointer has the end, and uses it from one thread at a time.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Handle {
    _opaque: [u8; 0],
}

/// Which end.
pub(crate) const PRODUCER: u32 = 0;
/// Which end.
pub(crate) const CONSUMER: u32 = 1;

/// The ring that is asked for.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Wish {
    /// In bytes, at least.
    pub(crate) capacity: u32,
    /// 0 for mirrored memory or else the heap, 1 mirrored, 2 heap.
    pub(crate) memory: u32,
    /// A number of [`kind`].
    pub(crate) kind: u32,
    /// Pushes of a producer in JavaScript that are published together; `u32::MAX` for those of a turn.
    pub(crate) publish_every: u32,
    /// Of an element, in bytes; 1 where elements are messages.
    pub(crate) element: u32,
    /// The end that the caller gets: [`PRODUCER`] or [`CONSUMER`].
    pub(crate) side: u32,
    /// What a record is made of; empty for other kinds. Read during the call.
    pub(crate) schema: Text,
}

/// An end that was made or claimed, and what its owner has to know.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Made {
    /// To be given to `Table::drop`, once.
    pub(crate) handle: *mut Handle,
    /// Twice `capacity` bytes, valid until the handle is dropped.
    pub(crate) base: *mut u8,
    /// Of the ring, in bytes: a power of two, at most 2^30.
    pub(crate) capacity: u32,
    /// Where this end stands, from `base` on.
    pub(crate) offset: u32,
    /// 1 if the second half of the memory is the first one again, 0 if it is memory of its own.
    pub(crate) mirrored: u32,
    /// Bytes of an element.
    pub(crate) element: u32,
    /// 32 hexadecimal digits: the id of the token for the other end. Only from `make`.
    pub(crate) id: [u8; 32],
}

impl Made {
    /// To be filled in.
    pub(crate) const EMPTY: Self = Self {
        handle: core::ptr::null_mut(),
        base: core::ptr::null_mut(),
        capacity: 0,
        offset: 0,
        mirrored: 0,
        element: 0,
        id: [0; 32],
    };
}

/// What a call has found.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Found {
    /// Bytes free or available.
    pub(crate) known: u32,
    /// Bits of [`flag`].
    pub(crate) flags: u32,
}

/// Bits of [`Found`].
pub(crate) mod flag {
    /// Nothing can be sent any more (producer), or nothing new will come (consumer).
    pub(crate) const CLOSED: u32 = 1;
    /// The consumer has read everything there will ever be.
    pub(crate) const DONE: u32 = 2;
    /// The caller's counts contradict the cursors: nothing was moved.
    pub(crate) const CORRUPT: u32 = 4;
    /// A wait's time is over, and what was waited for is not there.
    pub(crate) const TIMED_OUT: u32 = 8;
    /// The waker was left with the other side.
    pub(crate) const PENDING: u32 = 16;
}

/// What `make` and `claim` return.
pub(crate) mod status {
    /// The result is filled in.
    pub(crate) const OK: u32 = 0;
    /// A ring of that size or memory cannot be made: `ERR_CROSSCORE_MEMORY`.
    pub(crate) const MEMORY: u32 = 1;
    /// The token is refused: `ERR_CROSSCORE_TOKEN`.
    pub(crate) const TOKEN: u32 = 2;
    /// It could not be done, by a mistake of the addon.
    pub(crate) const FAILED: u32 = 3;
}

/// Numbers of kinds, as `lib/kinds/` has them.
#[allow(
    missing_docs,
    reason = "named as the kinds of the JavaScript package are"
)]
pub(crate) mod kind {
    pub(crate) const U8: u32 = 1;
    pub(crate) const I8: u32 = 2;
    pub(crate) const U16: u32 = 3;
    pub(crate) const I16: u32 = 4;
    pub(crate) const U32: u32 = 5;
    pub(crate) const I32: u32 = 6;
    pub(crate) const F32: u32 = 7;
    pub(crate) const F64: u32 = 8;
    pub(crate) const I64: u32 = 9;
    pub(crate) const U64: u32 = 10;
    pub(crate) const BYTES: u32 = 32;
    pub(crate) const RECORD: u32 = 33;
    pub(crate) const STRING: u32 = 34;
}

/// What wakes a task of the other image. The addon calls `wake` any number of times, from any thread, even inside of a
/// push in JavaScript; then `release`, once.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Waker {
    /// Given to both functions.
    pub(crate) data: *const c_void,
    /// Wakes. Must not call into Node-API, except a threadsafe function.
    pub(crate) wake: unsafe extern "C" fn(*const c_void),
    /// Frees `data`.
    pub(crate) release: unsafe extern "C" fn(*const c_void),
}

/// The addon's functions. It lies in the addon's image, which stays loaded until the process ends.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Table {
    /// [`ABI`] of the addon.
    pub(crate) abi: u32,
    /// Of this table in the addon, in bytes.
    pub(crate) size: u32,
    /// The version of the package that the addon belongs to. As long-lived as the table.
    pub(crate) version: Text,
    /// [`LAYOUT`] of the addon.
    pub(crate) layout: u32,
    /// What a token of the addon says of where it was made. As long-lived as the table.
    pub(crate) origin: unsafe extern "C" fn() -> Text,
    /// Makes a ring. The other end waits under the token whose id is in the result. For a status that is not `OK`, the
    /// last argument gets a reason, which `free` takes.
    pub(crate) make: unsafe extern "C" fn(*const Wish, *mut Made, *mut Text) -> u32,
    /// Takes the end `side` that a token stands for, if its ring is of that kind and schema: id, origin, side, kind,
    /// schema. As `make` else.
    pub(crate) claim: unsafe extern "C" fn(Text, Text, u32, u32, Text, *mut Made, *mut Text) -> u32,
    /// Closes the end that a token stands for: 1, or 0 if it was claimed before.
    pub(crate) revoke: unsafe extern "C" fn(Text) -> u32,
    /// Frees a reason.
    pub(crate) free: unsafe extern "C" fn(Text),
    /// Publishes or releases so many bytes, of so many messages.
    pub(crate) publish: unsafe extern "C" fn(*mut Handle, u32, u32) -> u32,
    /// Looks at the other side's cursor.
    pub(crate) look: unsafe extern "C" fn(*mut Handle) -> Found,
    /// Waits on this thread until so many bytes are free or there, for so many nanoseconds (`u64::MAX`: without end).
    pub(crate) wait: unsafe extern "C" fn(*mut Handle, u32, u64) -> Found,
    /// As `wait`, but leaves the waker with the other side if they are not. Takes the waker, always; null stands for the
    /// one that was given last.
    pub(crate) poll: unsafe extern "C" fn(*mut Handle, u32, *const Waker) -> Found,
    /// Takes the waker back.
    pub(crate) cancel: unsafe extern "C" fn(*mut Handle),
    /// Says why this end is about to be dropped: JSON with `name`, `message`, and perhaps `code` and `cause`. Only the
    /// first reason of a ring counts.
    pub(crate) set_reason: unsafe extern "C" fn(*mut Handle, Text),
    /// What the other side closed with; empty if it did not say. As long-lived as the handle.
    pub(crate) reason: unsafe extern "C" fn(*mut Handle) -> Text,
    /// Ends an end: closes the ring for the other side.
    pub(crate) drop: unsafe extern "C" fn(*mut Handle),
}

// SAFETY: INV-ABI-1: it never changes, and its texts are static.
unsafe impl Sync for Table {}

const _: () = {
    // Where an older or newer reader looks first.
    assert!(core::mem::offset_of!(Table, abi) == 0);
    assert!(core::mem::offset_of!(Table, size) == 4);
    assert!(core::mem::offset_of!(Table, version) == 8);
    assert!(core::mem::offset_of!(Table, layout) == 8 + 2 * size_of::<usize>());
};
