//! What belongs to an environment of Node: one record, whoever asks for it.
//!
//! Several copies of the package, and several loads of the addon (jest, vm contexts, pnpm), share an environment, and
//! each load has a `napi_env` of its own. An environment has a thread to itself, so the record is found by thread.
//!
//! | what | where |
//! | --- | --- |
//! | its handles | slots of `slot.rs`, whose indexes are kept here |
//! | memory that its JavaScript can see | `visible.rs`, each of which is kept here |
//! | the list of handles that owe a publication | the environment's block |
//! | timers as they were when the package was loaded | references here |
//!
//! All of it ends with one cleanup hook.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use napi::{Env, sys};

use crate::doorbell::Doorbell;
use crate::handle::{HANDLES, end};
use crate::memory::SharedRing;
use crate::shared::Shared;
use crate::status::check;
use crate::value::Kept;
use crate::visible::{Sentinel, Visible};

/// The environment's block in words: `lib/native/control.ts` has the same table.
const BLOCK_WORDS: usize = 1024;
/// Entries of the list.
const OWED_COUNT: usize = 0;
/// 1 while the list is going to be settled at the end of the turn.
const SCHEDULED: usize = 1;
/// Where the list starts: indexes of slots.
const OWED_LIST: usize = 8;
/// How many fit.
const OWED_ROOM: usize = 1000;

/// Words that all handles of an environment share, in memory that its JavaScript can see (as `control.rs`).
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Block([AtomicU32; BLOCK_WORDS]);

impl Block {
    fn new() -> Self {
        Self([const { AtomicU32::new(0) }; BLOCK_WORDS])
    }

    /// The list of those that owe, which is empty after this. Nothing in it is believed.
    fn take_owed(&self) -> impl Iterator<Item = u32> {
        // Partner: JavaScript on this thread, in program order.
        let count = self.0[OWED_COUNT].load(Ordering::Relaxed) as usize;
        self.0[OWED_COUNT].store(0, Ordering::Relaxed);
        self.0[OWED_LIST..][..OWED_ROOM]
            .iter()
            .take(count)
            .map(|index| index.load(Ordering::Relaxed))
    }
}

/// A ring in this environment.
#[derive(Debug, Default)]
struct Window {
    /// Its ArrayBuffer. `None` until it is asked for.
    visible: Option<Rc<Visible>>,
    /// Handles that have not ended.
    handles: u32,
    /// Objects of handles, ended or not, that have not been collected.
    objects: u32,
    /// The program has had a view, and so may have the ArrayBuffer.
    shown: bool,
}

/// The record.
#[derive(Debug)]
pub(crate) struct Environment {
    block: Rc<Block>,
    /// The ArrayBuffer over the block and the timers, as the first load brought them.
    shared: RefCell<Option<[Kept; 4]>>,
    /// Indexes of the slots of handles that have not ended.
    handles: RefCell<HashSet<u32>>,
    /// By the ring's number.
    rings: RefCell<HashMap<u64, Window>>,
    /// All memory that JavaScript can see here, by address.
    visible: RefCell<HashMap<*const Visible, Rc<Visible>>>,
    /// Younger than most of it (`visible.rs`).
    sentinel: RefCell<Option<Rc<Sentinel>>>,
    /// There when a handle has waited on the event loop.
    doorbell: OnceCell<Doorbell>,
}

thread_local! {
    /// The environment of this thread, which the cleanup hook takes out. Without a destructor: those of thread-locals
    /// may come when the addon's image has other things to do.
    static CURRENT: Cell<*const Environment> = const { Cell::new(ptr::null()) };
}

impl Environment {
    /// The record of this thread's environment; made when it is asked for first.
    pub(crate) fn enter(env: sys::napi_env) -> napi::Result<Rc<Self>> {
        if let Some(known) = Self::current() {
            return Ok(known);
        }
        let new = Rc::new(Self {
            block: Rc::new(Block::new()),
            shared: RefCell::default(),
            handles: RefCell::default(),
            rings: RefCell::default(),
            visible: RefCell::default(),
            sentinel: RefCell::default(),
            doorbell: OnceCell::new(),
        });
        new.hook(env)?;
        CURRENT.set(Rc::into_raw(Rc::clone(&new)));
        Ok(new)
    }

    /// The record of this thread's environment, if it has one.
    pub(crate) fn current() -> Option<Rc<Self>> {
        let current = CURRENT.get();
        if current.is_null() {
            return None;
        }
        // SAFETY: INV-NODE-1: `CURRENT` has a count, until the hook takes it out; this is another one.
        unsafe {
            Rc::increment_strong_count(current);
            Some(Rc::from_raw(current))
        }
    }

    /// Registers the cleanup hook.
    fn hook(&self, env: sys::napi_env) -> napi::Result<()> {
        let this = ptr::from_ref(self).cast_mut().cast::<c_void>();
        // SAFETY: INV-NODE-1: `CURRENT` counts the record until the hook runs, or it was not yet put there and nothing
        // runs before this call returns.
        let status = unsafe { sys::napi_add_env_cleanup_hook(env, Some(environment_ends), this) };
        check(status, "napi_add_env_cleanup_hook")
    }

    /// What rings for this environment's handles; made when the first of them waits on the event loop.
    pub(crate) fn doorbell(&self, env: sys::napi_env) -> napi::Result<&Doorbell> {
        if self.doorbell.get().is_none() {
            let opened = Doorbell::open(&Env::from_raw(env))?;
            // What asks Node comes back with another one only if a program made it ask twice: the first is kept.
            let _ = self.doorbell.set(opened);
        }
        self.doorbell
            .get()
            .ok_or_else(|| napi::Error::from_reason("there is no doorbell"))
    }

    /// The doorbell, if there is one.
    pub(crate) fn known_doorbell(&self) -> Option<&Doorbell> {
        self.doorbell.get()
    }

    /// The ArrayBuffer over the block, and the timers: those that the first caller brought.
    pub(crate) fn share(
        self: &Rc<Self>,
        env: sys::napi_env,
        timers: [sys::napi_value; 3],
    ) -> napi::Result<[sys::napi_value; 4]> {
        if self.shared.borrow().is_none() {
            let memory = NonNull::from(&*self.block).cast();
            let owner = Box::new(Rc::clone(&self.block));
            // SAFETY: INV-NODE-1: the block is as long as the count that is its owner.
            let (_visible, block) =
                unsafe { Visible::new(self, env, (memory, size_of::<Block>()), owner, None)? };
            let keep = |value| Kept::new(env, value);
            let [immediate, timeout, clear] = timers;
            *self.shared.borrow_mut() =
                Some([keep(block)?, keep(immediate)?, keep(timeout)?, keep(clear)?]);
        }
        let shared = self.shared.borrow();
        let mut values = [ptr::null_mut(); 4];
        for (value, kept) in values.iter_mut().zip(shared.iter().flatten()) {
            *value = kept
                .value()
                .ok_or_else(|| napi::Error::from_reason("this environment is ending"))?;
        }
        Ok(values)
    }

    /// A handle has come to this environment.
    pub(crate) fn attached(&self, slot: u32, ring: u64) {
        self.handles.borrow_mut().insert(slot);
        let mut rings = self.rings.borrow_mut();
        let window = rings.entry(ring).or_default();
        window.handles += 1;
        window.objects += 1;
    }

    /// A handle has ended here.
    pub(crate) fn detached(&self, slot: u32, ring: u64) {
        if !self.handles.borrow_mut().remove(&slot) {
            return;
        }
        let mut rings = self.rings.borrow_mut();
        if let Some(window) = rings.get_mut(&ring) {
            window.handles -= 1;
            if window.handles == 0 && window.visible.is_none() {
                rings.remove(&ring);
            }
        }
    }

    /// A handle was closed by the program, or its object was collected. With the last one of its ring here goes the
    /// memory, and V8 counts it no longer; unless the program may have a view, for then it stays as long as that.
    pub(crate) fn over(&self, ring: u64, collected: bool) {
        let unseen = {
            let mut rings = self.rings.borrow_mut();
            let Some(window) = rings.get_mut(&ring) else {
                return;
            };
            // The ring may have left and come back: then there are fewer in the new window than there were.
            window.objects = window.objects.saturating_sub(u32::from(collected));
            // A handle that was moved may come back before its object is collected.
            if window.handles > 0 || (collected && window.objects > 0) {
                return;
            }
            if window.shown {
                if window.objects == 0
                    && let Some(visible) = &window.visible
                {
                    visible.let_go();
                }
                return;
            }
            rings.remove(&ring)
        };
        if let Some(visible) = unseen.and_then(|window| window.visible) {
            visible.detach();
        }
    }

    /// The program is about to get a view of a ring.
    pub(crate) fn show(&self, ring: u64) {
        if let Some(window) = self.rings.borrow_mut().get_mut(&ring) {
            window.shown = true;
        }
    }

    /// The one ArrayBuffer over a ring's memory in this environment.
    pub(crate) fn memory(
        self: &Rc<Self>,
        env: sys::napi_env,
        ring: &SharedRing,
        shared: &Shared,
    ) -> napi::Result<sys::napi_value> {
        let known = self
            .rings
            .borrow()
            .get(&shared.number)
            .and_then(|window| window.visible.clone());
        if let Some(value) = known.and_then(|visible| visible.value()) {
            // The handle's control block is younger than the one that there is.
            self.post_sentinel(env)?;
            return Ok(value);
        }
        let memory = (ring.base(), 2 * ring.capacity());
        let owner = Box::new(ring.clone());
        // SAFETY: INV-NODE-1: a ring's memory is twice its capacity, and the count that is its owner keeps it.
        let (visible, value) =
            unsafe { Visible::new(self, env, memory, owner, Some(shared.number))? };
        if let Some(window) = self.rings.borrow_mut().get_mut(&shared.number) {
            window.visible = Some(visible);
        }
        self.post_sentinel(env)?;
        Ok(value)
    }

    /// Watches over memory that JavaScript can see from now on. A younger sentinel is due then.
    pub(crate) fn watch(&self, visible: &Rc<Visible>) {
        self.visible
            .borrow_mut()
            .insert(Rc::as_ptr(visible), Rc::clone(visible));
    }

    /// Asks of all of it whether it is where it was put.
    pub(crate) fn ask(&self) {
        let watched: Vec<_> = self.visible.borrow().values().map(Rc::clone).collect();
        for visible in watched {
            visible.ask();
        }
    }

    fn post_sentinel(self: &Rc<Self>, env: sys::napi_env) -> napi::Result<()> {
        let relief = Sentinel::new(self, env)?;
        if let Some(old) = self.sentinel.replace(Some(relief)) {
            old.relieve();
        }
        Ok(())
    }

    /// Nothing can reach it any more.
    pub(crate) fn unwatch(&self, visible: &Rc<Visible>) {
        self.visible.borrow_mut().remove(&Rc::as_ptr(visible));
        let Some(number) = visible.ring else {
            return;
        };
        let mut rings = self.rings.borrow_mut();
        if let Some(window) = rings.get_mut(&number)
            && window
                .visible
                .as_ref()
                .is_some_and(|known| Rc::ptr_eq(known, visible))
        {
            window.visible = None;
            if window.handles == 0 {
                rings.remove(&number);
            }
        }
    }

    /// A callback of ours begins. True if nobody else is going to settle at the end of the turn: then
    /// [`end_turn`](Self::end_turn) will, and `lib/` need not schedule it.
    pub(crate) fn begin_turn(&self) -> bool {
        // Partner: JavaScript on this thread, in program order.
        let begins = self.block.0[SCHEDULED].load(Ordering::Relaxed) == 0;
        self.block.0[SCHEDULED].store(1, Ordering::Relaxed);
        begins
    }

    /// The callback and its microtasks are over.
    pub(crate) fn end_turn(&self) {
        // Partner: as in `begin_turn`.
        self.block.0[SCHEDULED].store(0, Ordering::Relaxed);
        self.settle();
    }

    /// Publishes what the handles on the list owe; whether there was anything.
    pub(crate) fn settle(&self) -> bool {
        let mut settled = false;
        for index in self.block.take_owed() {
            let Some(slot) = HANDLES.mine_at(index) else {
                continue;
            };
            // SAFETY: INV-NODE-12: `mine_at` has asked for the thread; nothing below comes back here.
            let Some(tenant) = (unsafe { slot.tenant() }) else {
                continue;
            };
            let control = &slot.control;
            if !control.take_owing() {
                continue;
            }
            control.halt(tenant.rest.shared.description.element);
            if tenant.port.owes(control) {
                // What is wrong stands in the flags, for the next call that a program makes.
                tenant.port.publish(control, 0);
                settled = true;
            }
        }
        settled
    }
}

/// Cleanup hook: the environment ends, by exit, error or `terminate()`.
unsafe extern "C" fn environment_ends(arg: *mut c_void) {
    // SAFETY: INV-NODE-1: the count of `CURRENT`, which is taken out here; the hook runs once.
    let environment = unsafe { Rc::from_raw(arg.cast::<Environment>().cast_const()) };
    CURRENT.set(ptr::null());
    for index in environment.handles.take() {
        if let Some(slot) = HANDLES.mine_at(index) {
            // SAFETY: INV-NODE-12: hooks run on the environment's thread, between calls of JavaScript.
            unsafe { end(slot) };
            slot.disown();
        }
    }
    // Where hooks come before finalizers there is no sentinel's finalizer to do it.
    environment.ask();
    // Whoever asks from here on gets a record of its own. Node deletes the references with the environment.
    environment.visible.take();
    environment.rings.take();
    environment.shared.take();
}
