//! A `uv_async_t` of our own: what wakes an event loop of Node's at the least cost.
//!
//! libuv's interface does not change within its major version, which all versions of Node share; the functions are
//! looked up in the running process, since not everything that has Node-API has libuv. What is relied on is in libuv's
//! `include/uv.h` and in its documentation of `uv_async_t`: `uv_async_send` may be called from any thread while the
//! handle is open; everything else on the loop's thread only; the memory is free when the close callback runs.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

#[cfg(unix)]
use libloading::os::unix::Library;
#[cfg(windows)]
use libloading::os::windows::Library;
use napi::sys;

use super::rung::Bell;

/// `uv_async_t`, whose size libuv tells.
type Handle = *mut c_void;
type Callback = unsafe extern "C" fn(Handle);

/// `UV_ASYNC` of `uv_handle_type`: the first of `UV_HANDLE_TYPE_MAP`, after `UV_UNKNOWN_HANDLE`.
const UV_ASYNC: c_int = 1;

/// At least what any of libuv's handles needs: pointers and doubles.
const ALIGN: usize = 16;

/// The functions of libuv that are in use.
#[derive(Debug)]
struct Functions {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    handle_get_data: unsafe extern "C" fn(Handle) -> *mut c_void,
    handle_set_data: unsafe extern "C" fn(Handle, *mut c_void),
    async_init: unsafe extern "C" fn(*mut sys::uv_loop_s, Handle, Callback) -> c_int,
    async_send: unsafe extern "C" fn(Handle) -> c_int,
    reference: unsafe extern "C" fn(Handle),
    unreference: unsafe extern "C" fn(Handle),
    close: unsafe extern "C" fn(Handle, Callback),
}

impl Functions {
    /// libuv as this process has it.
    fn get() -> Option<&'static Self> {
        static FUNCTIONS: OnceLock<Option<Functions>> = OnceLock::new();
        FUNCTIONS.get_or_init(Self::find).as_ref()
    }

    fn find() -> Option<Self> {
        #[cfg(unix)]
        let process = Library::this();
        #[cfg(windows)]
        let process = Library::this().ok()?;
        // SAFETY: INV-NODE-9: the types are those of `uv.h`, and the process outlives what it exports.
        unsafe {
            Some(Self {
                handle_size: *process.get(b"uv_handle_size\0").ok()?,
                handle_get_data: *process.get(b"uv_handle_get_data\0").ok()?,
                handle_set_data: *process.get(b"uv_handle_set_data\0").ok()?,
                async_init: *process.get(b"uv_async_init\0").ok()?,
                async_send: *process.get(b"uv_async_send\0").ok()?,
                reference: *process.get(b"uv_ref\0").ok()?,
                unreference: *process.get(b"uv_unref\0").ok()?,
                close: *process.get(b"uv_close\0").ok()?,
            })
        }
    }
}

/// An open handle. Copied freely; open until [`close`](Self::close).
#[derive(Clone, Copy, Debug)]
pub(super) struct Async {
    functions: &'static Functions,
    handle: NonNull<c_void>,
}

// SAFETY: INV-NODE-9: what other threads do with it is `uv_async_send`, in `ring`.
unsafe impl Send for Async {}

impl Async {
    /// Opens a handle on the environment's loop, unreferenced. After each ring `rung` is called on the loop, with
    /// `data`. `None` where that cannot be had.
    ///
    /// # Safety
    ///
    /// INV-NODE-9: this is Node and not something that looks like it; `rung` and `closed` of
    /// [`close`](Self::close) take `data` for what it is.
    pub(super) unsafe fn open(
        env: sys::napi_env,
        data: *const c_void,
        rung: Callback,
    ) -> Option<Self> {
        let functions = Functions::get()?;
        let mut event_loop = ptr::null_mut();
        // SAFETY: INV-NODE-1: plain call with an out-value.
        let status = unsafe { sys::napi_get_uv_event_loop(env, &mut event_loop) };
        if status != sys::Status::napi_ok || event_loop.is_null() {
            return None;
        }
        let layout = layout(functions)?;
        // SAFETY: INV-NODE-9: a handle's size is not 0.
        let handle = unsafe { alloc_zeroed(layout) }.cast::<c_void>();
        let Some(handle) = NonNull::new(handle) else {
            handle_alloc_error(layout);
        };
        // SAFETY: INV-NODE-9: room for the handle, and the loop of the environment whose thread this is.
        let status = unsafe { (functions.async_init)(event_loop, handle.as_ptr(), rung) };
        if status != 0 {
            // SAFETY: INV-NODE-9: what failed has left nothing with the loop, and the layout is that of above.
            unsafe { dealloc(handle.as_ptr().cast(), layout) };
            return None;
        }
        let opened = Self { functions, handle };
        // SAFETY: INV-NODE-9: open, on the loop's thread.
        unsafe { (functions.handle_set_data)(handle.as_ptr(), data.cast_mut()) };
        opened.hold(false);
        Some(opened)
    }

    /// What the callbacks were given.
    ///
    /// # Safety
    ///
    /// INV-NODE-9: a callback of that handle is under way.
    pub(super) unsafe fn data(handle: Handle) -> *const c_void {
        // SAFETY: INV-NODE-9: passed on; there is no callback without the functions.
        Functions::get().map_or(ptr::null(), |functions| unsafe {
            (functions.handle_get_data)(handle)
        })
    }

    /// The loop's thread, before `close`: whether the handle keeps the loop alive.
    pub(super) fn hold(self, hold: bool) {
        // SAFETY: INV-NODE-9: open, on the loop's thread, as the caller sees to.
        unsafe {
            if hold {
                (self.functions.reference)(self.handle.as_ptr());
            } else {
                (self.functions.unreference)(self.handle.as_ptr());
            }
        }
    }

    /// The loop's thread, once: `closed` is called on the loop when nothing uses the handle any more, and frees it.
    ///
    /// # Safety
    ///
    /// INV-NODE-9: nobody rings any more, nor will.
    pub(super) unsafe fn close(self, closed: Callback) {
        // SAFETY: INV-NODE-9: open, on the loop's thread; passed on.
        unsafe { (self.functions.close)(self.handle.as_ptr(), closed) };
    }

    /// Gives the memory back.
    ///
    /// # Safety
    ///
    /// INV-NODE-9: the close callback of that handle is under way, and nobody looks at it afterwards.
    pub(super) unsafe fn free(handle: Handle) {
        if let Some(layout) = Functions::get().and_then(layout) {
            // SAFETY: INV-NODE-9: passed on; allocated in `open` with this layout.
            unsafe { dealloc(handle.cast(), layout) };
        }
    }
}

fn layout(functions: &Functions) -> Option<Layout> {
    // SAFETY: INV-NODE-9: plain call; 0 for a type that it does not know.
    let size = unsafe { (functions.handle_size)(UV_ASYNC) };
    if size == 0 || size > 4096 {
        return None;
    }
    Layout::from_size_align(size, ALIGN).ok()
}

impl Bell for Async {
    fn ring(&self) {
        // SAFETY: INV-NODE-9: open, because whoever rings holds the bell's lock, without which nobody closes.
        // It fails only for a handle of another type.
        let _status = unsafe { (self.functions.async_send)(self.handle.as_ptr()) };
    }
}
