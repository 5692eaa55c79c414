//! Windows: a section over the page file, mapped into the two halves of a placeholder.
//!
//! Placeholders are reservations that a mapping can take over without their being freed first
//! (Microsoft, `VirtualAlloc2`, "Scenario 1. Create a circular buffer by mapping two adjacent views
//! of the same shared memory section", which is what [`map`] does). They came with Windows 10
//! version 1803 and Server 2019. Node 20 still runs on Server 2016, where an addon that imports
//! `VirtualAlloc2` would not load at all; so the two functions are looked up in kernelbase.dll, as
//! mimalloc does (`src/prim/windows/prim.c`). Without them `map` answers `Unsupported`. The older
//! way, to free a reservation and to hope that nobody takes the place before the views are mapped,
//! is not offered: a ring in heap memory is the better fallback, and callers have it anyway.

use std::ffi::c_void;
use std::io;
use std::mem::{self, ManuallyDrop};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, MEM_EXTENDED_PARAMETER, MEM_PRESERVE_PLACEHOLDER, MEM_RELEASE,
    MEM_REPLACE_PLACEHOLDER, MEM_RESERVE, MEM_RESERVE_PLACEHOLDER, MEMORY_MAPPED_VIEW_ADDRESS,
    PAGE_NOACCESS, PAGE_PROTECTION_FLAGS, PAGE_READWRITE, UnmapViewOfFile, VIRTUAL_ALLOCATION_TYPE,
    VirtualFree,
};
use windows_sys::Win32::System::SystemInformation::{GetSystemInfo, SYSTEM_INFO};
use windows_sys::{s, w};

use super::super::Failure;

/// Signature of `VirtualAlloc2`, as windows-sys declares it.
type VirtualAlloc2 = unsafe extern "system" fn(
    process: HANDLE,
    base_address: *const c_void,
    size: usize,
    allocation_type: VIRTUAL_ALLOCATION_TYPE,
    page_protection: PAGE_PROTECTION_FLAGS,
    extended_parameters: *mut MEM_EXTENDED_PARAMETER,
    parameter_count: u32,
) -> *mut c_void;

/// Signature of `MapViewOfFile3`, as windows-sys declares it.
type MapViewOfFile3 = unsafe extern "system" fn(
    file_mapping: HANDLE,
    process: HANDLE,
    base_address: *const c_void,
    offset: u64,
    view_size: usize,
    allocation_type: VIRTUAL_ALLOCATION_TYPE,
    page_protection: PAGE_PROTECTION_FLAGS,
    extended_parameters: *mut MEM_EXTENDED_PARAMETER,
    parameter_count: u32,
) -> MEMORY_MAPPED_VIEW_ADDRESS;

/// The two functions that know placeholders.
#[derive(Clone, Copy)]
struct Placeholders {
    virtual_alloc: VirtualAlloc2,
    map_view: MapViewOfFile3,
}

impl Placeholders {
    fn find() -> Option<Self> {
        static FOUND: OnceLock<Option<Placeholders>> = OnceLock::new();
        *FOUND.get_or_init(|| {
            // SAFETY: INV-ALLOC-8: the name is a constant with its zero; kernelbase.dll is mapped
            // into every process for its whole life, so the handle and what is found by it stay
            // valid.
            let kernel = unsafe { GetModuleHandleW(w!("kernelbase.dll")) };
            if kernel.is_null() {
                return None;
            }
            // SAFETY: INV-ALLOC-8: the handle is valid, the name a constant with its zero.
            let virtual_alloc = unsafe { GetProcAddress(kernel, s!("VirtualAlloc2")) }?;
            // SAFETY: INV-ALLOC-8: the handle is valid, the name a constant with its zero.
            let map_view = unsafe { GetProcAddress(kernel, s!("MapViewOfFile3")) }?;
            Some(Self {
                // SAFETY: INV-ALLOC-8: the function of that name has this signature (memoryapi.h).
                virtual_alloc: unsafe {
                    mem::transmute::<unsafe extern "system" fn() -> isize, VirtualAlloc2>(
                        virtual_alloc,
                    )
                },
                // SAFETY: INV-ALLOC-8: the function of that name has this signature (memoryapi.h).
                map_view: unsafe {
                    mem::transmute::<unsafe extern "system" fn() -> isize, MapViewOfFile3>(map_view)
                },
            })
        })
    }
}

/// A section object; dropping it closes the handle. Views that are mapped keep the object.
struct Section(HANDLE);

impl Drop for Section {
    fn drop(&mut self) {
        // SAFETY: INV-ALLOC-7: the handle is ours and open.
        let closed = unsafe { CloseHandle(self.0) };
        debug_assert_ne!(closed, 0, "CloseHandle: {}", io::Error::last_os_error());
    }
}

/// A reserved range that waits for a view; dropping it frees the addresses.
struct Placeholder(NonNull<c_void>);

impl Placeholder {
    /// Cuts a placeholder of `2 * size` bytes into two.
    fn split(self, size: usize) -> Result<(Self, Self), Failure> {
        // SAFETY: INV-ALLOC-3: the range is ours, `size` is a multiple of the granularity and half
        // of it.
        if unsafe {
            VirtualFree(
                self.0.as_ptr(),
                size,
                MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER,
            )
        } == 0
        {
            return Err(last_error("VirtualFree (split the placeholder)"));
        }
        // SAFETY: INV-ALLOC-3: within the range of 2 * size bytes.
        let second = Self(unsafe { self.0.byte_add(size) });
        Ok((self, second))
    }

    /// Maps the first `size` bytes of the section in its place; it has to be exactly as long.
    fn replace_with(
        self,
        section: &Section,
        size: usize,
        map_view: MapViewOfFile3,
    ) -> Result<View, Failure> {
        // SAFETY: INV-ALLOC-3: the range is ours alone; base and size are those of the placeholder.
        // A null process is the calling one, as in Microsoft's example.
        let view = unsafe {
            map_view(
                section.0,
                ptr::null_mut(),
                self.0.as_ptr(),
                0,
                size,
                MEM_REPLACE_PLACEHOLDER,
                PAGE_READWRITE,
                ptr::null_mut(),
                0,
            )
        };
        if view.Value.is_null() {
            // The error first: dropping the placeholder calls the system again.
            return Err(last_error("MapViewOfFile3"));
        }
        Ok(View(ManuallyDrop::new(self).0))
    }
}

impl Drop for Placeholder {
    fn drop(&mut self) {
        // SAFETY: INV-ALLOC-7: the range is ours and still a placeholder; a size of 0 frees all of
        // it.
        let freed = unsafe { VirtualFree(self.0.as_ptr(), 0, MEM_RELEASE) };
        debug_assert_ne!(freed, 0, "VirtualFree: {}", io::Error::last_os_error());
    }
}

/// A mapped view; dropping it unmaps it and frees its addresses.
struct View(NonNull<c_void>);

impl View {
    fn into_base(self) -> NonNull<u8> {
        ManuallyDrop::new(self).0.cast()
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: INV-ALLOC-7: the view is ours, mapped, and no longer used.
        let unmapped = unsafe {
            UnmapViewOfFile(MEMORY_MAPPED_VIEW_ADDRESS {
                Value: self.0.as_ptr(),
            })
        };
        debug_assert_ne!(
            unmapped,
            0,
            "UnmapViewOfFile: {}",
            io::Error::last_os_error()
        );
    }
}

/// What Windows calls the allocation granularity: 64 KiB, on every version so far.
pub(super) fn granularity() -> usize {
    let mut info = SYSTEM_INFO::default();
    // SAFETY: INV-ALLOC-8: the pointer is valid for one SYSTEM_INFO.
    unsafe { GetSystemInfo(&mut info) };
    info.dwAllocationGranularity as usize
}

/// Maps `size` new zeroed bytes twice, back to back, and returns the base. `size` is a multiple of
/// the granularity, above zero and at most `isize::MAX / 2`.
pub(super) fn map(size: usize) -> Result<NonNull<u8>, Failure> {
    let Placeholders {
        virtual_alloc,
        map_view,
    } = Placeholders::find().ok_or_else(|| {
        Failure::new(
            "VirtualAlloc2",
            io::Error::new(
                io::ErrorKind::Unsupported,
                "needs Windows 10 version 1803 or Server 2019",
            ),
        )
    })?;
    // SAFETY: INV-ALLOC-3: no address is asked for, so the system picks one where nothing is.
    let reserved = unsafe {
        virtual_alloc(
            ptr::null_mut(),
            ptr::null(),
            2 * size,
            MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
            PAGE_NOACCESS,
            ptr::null_mut(),
            0,
        )
    };
    let reserved =
        NonNull::new(reserved).ok_or_else(|| last_error("VirtualAlloc2 (reserve both halves)"))?;
    let (first, second) = Placeholder(reserved).split(size)?;
    let section = open_section(size)?;
    let first = first.replace_with(&section, size, map_view)?;
    let second = second.replace_with(&section, size, map_view)?;
    second.into_base();
    Ok(first.into_base())
}

/// # Safety
///
/// `base` came from [`map`] with the same `size`, once, and nobody uses the memory any more.
pub(super) unsafe fn unmap(base: NonNull<u8>, size: usize) {
    let base = base.cast::<c_void>();
    // SAFETY: INV-ALLOC-6: the second view begins there.
    drop(View(unsafe { base.byte_add(size) }));
    drop(View(base));
}

/// A section of the page file: charged to the commit limit here, so that too much is refused at
/// once, and zeroed.
fn open_section(size: usize) -> Result<Section, Failure> {
    let size = size as u64;
    // SAFETY: INV-ALLOC-3: INVALID_HANDLE_VALUE asks for a new object over the page file; without a
    // name nobody else can open it.
    let section = unsafe {
        CreateFileMappingW(
            INVALID_HANDLE_VALUE,
            ptr::null(),
            PAGE_READWRITE,
            (size >> 32) as u32,
            size as u32,
            ptr::null(),
        )
    };
    if section.is_null() {
        return Err(last_error("CreateFileMappingW"));
    }
    Ok(Section(section))
}

fn last_error(step: &'static str) -> Failure {
    Failure::new(step, io::Error::last_os_error())
}
