//! How other threads reach this environment's event loop: one doorbell for all of its handles.
//!
//! A handle that waits for the first time gets a [`Listener`]. Before the loop sleeps it looks whether what is waited for
//! is there, for a while if that is worth it, and only then leaves a waker with the other side. A publication
//! there finds this side parked and rings, once for each wait, never per message. The loop calls the function
//! of each handle that was rung or has what it waits for, as Node calls any callback: `process.nextTick` and microtasks
//! run after each.
//!
//! | file | what |
//! | --- | --- |
//! | `rung.rs` | who has been rung; no ring is lost, none comes after the end |
//! | `attend.rs` | what the loop does before it sleeps |
//! | `vigil.rs` | for how long it looks then |
//! | `loop_bell.rs` | what wakes the loop: a `uv_async_t`, or a threadsafe function where that is not to be had |
//! | `uv.rs` | handles of libuv's |
//! | this one | who listens, how they are called, how it all begins and ends |

mod attend;
mod loop_bell;
mod rung;
mod uv;
mod vigil;

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};

use napi::{Env, sys};

use crate::control::Control;
use crate::environment::Environment;
use crate::side::Side;
use crate::status::check;
use attend::Expectation;
use loop_bell::LoopBell;
use rung::Rung;
use vigil::Vigil;

/// A handle's waker: its place at the doorbell of its environment.
#[derive(Debug)]
struct Button {
    rung: Arc<Rung<LoopBell>>,
    place: u32,
}

impl Wake for Button {
    fn wake(self: Arc<Self>) {
        self.rung.ring(self.place);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.ring(self.place);
    }
}

/// A handle's place at the doorbell, as long as it is listening: until [`Doorbell::forget`].
#[derive(Debug)]
pub(crate) struct Listener {
    place: u32,
    /// It may be left with other threads and outlive everything here.
    waker: Waker,
}

impl Listener {
    /// Leaves the waker with the other side at once; whether it did, because what is wanted is not there.
    pub(crate) fn arm(&self, side: &mut dyn Side, control: &Control) -> bool {
        side.arm(control, &self.waker)
    }
}

/// Who listens at a place.
#[derive(Clone, Copy, Debug)]
struct Guest {
    callback: sys::napi_ref,
    /// The index of its slot.
    slot: u32,
    holds: bool,
    /// What it waits for, as long as its waker is still here.
    expects: Option<Expectation>,
    /// It is on the list of those.
    is_listed: bool,
}

/// The half that stays on the environment's thread. It serves every handle of the environment.
#[derive(Debug)]
pub(crate) struct Doorbell {
    lobby: Rc<Lobby>,
}

#[derive(Debug)]
struct Lobby {
    env: sys::napi_env,
    /// There from `Doorbell::open` on.
    rung: OnceCell<Arc<Rung<LoopBell>>>,
    /// The bell without its lock, as long as it rings: only this half takes it away.
    bell: Cell<Option<LoopBell>>,
    /// By place.
    guests: RefCell<Vec<Option<Guest>>>,
    /// Places that nobody has.
    vacant: RefCell<Vec<u32>>,
    /// Guests that keep the loop alive.
    holding: Cell<u32>,
    /// What runs before a sleep, where that is to be had.
    eve: Cell<Option<uv::Eve>>,
    /// Places of guests that expect something, and of some that no longer do.
    expecting: RefCell<Vec<u32>>,
    vigil: RefCell<Vigil>,
    /// For [`Lobby::call_all`]: empty, with room.
    taken: RefCell<Vec<u32>>,
    /// Handles of libuv's that are still to be closed.
    open: Cell<u32>,
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
}

impl Doorbell {
    /// The doorbell of an environment that has none yet. It does not keep the loop alive before a handle
    /// [holds](Self::hold) it.
    pub(crate) fn open(env: &Env) -> napi::Result<Self> {
        let lobby = Rc::new(Lobby {
            env: env.raw(),
            rung: OnceCell::new(),
            bell: Cell::new(None),
            guests: RefCell::default(),
            vacant: RefCell::default(),
            holding: Cell::new(0),
            eve: Cell::new(None),
            expecting: RefCell::default(),
            vigil: RefCell::new(Vigil::new()),
            taken: RefCell::default(),
            open: Cell::new(0),
            hook: Cell::new(ptr::null_mut()),
        });
        let data = Rc::as_ptr(&lobby).cast::<c_void>();
        // SAFETY: INV-NODE-5, INV-NODE-9: the callbacks take `data` for what it is, which the count below keeps.
        let bell = unsafe { LoopBell::open(env, data, async_rung, function_rung)? };
        lobby.rung.get_or_init(|| Arc::new(Rung::new(bell)));
        lobby.bell.set(Some(bell));
        if let LoopBell::Async(_) = bell {
            // SAFETY: INV-NODE-9: this is Node, or there would be no such bell; as above.
            let eve = unsafe { uv::Eve::open(env.raw(), data) };
            lobby.open.set(1 + eve.map_or(0, |_| uv::Eve::HANDLES));
            lobby.eve.set(eve);
        }

        // The count of the bell and of the hook: given back when the bell has closed.
        let data = Rc::into_raw(Rc::clone(&lobby)).cast_mut().cast();
        let mut hook = ptr::null_mut();
        // After the bell: hooks run in reverse order, and a threadsafe function has registered one of its own,
        // after which nobody may ring it.
        // SAFETY: INV-NODE-1: the hook takes its argument for what it is and runs once.
        let status = unsafe {
            sys::napi_add_async_cleanup_hook(env.raw(), Some(environment_ends), data, &mut hook)
        };
        if let Err(error) = check(status, "napi_add_async_cleanup_hook") {
            // SAFETY: INV-NODE-1: no hook was registered, so its count is the one that closing gives back.
            unsafe { close(data.cast_const().cast()) };
            return Err(error);
        }
        lobby.hook.set(hook);
        Ok(Self { lobby })
    }

    /// A place for a handle: `callback` is called on the loop after each ring. It may be called once more than it
    /// was rung, so it looks before it believes.
    pub(crate) fn listen(&self, slot: u32, callback: sys::napi_value) -> napi::Result<Listener> {
        let lobby = &*self.lobby;
        let rung = Arc::clone(lobby.rung());
        let mut reference = ptr::null_mut();
        // SAFETY: INV-NODE-1: a value of the call that is under way.
        let status = unsafe { sys::napi_create_reference(lobby.env, callback, 1, &mut reference) };
        check(status, "napi_create_reference")?;
        let guest = Some(Guest {
            callback: reference,
            slot,
            holds: false,
            expects: None,
            is_listed: false,
        });
        let mut guests = lobby.guests.borrow_mut();
        let place = match lobby.vacant.borrow_mut().pop() {
            Some(place) => {
                guests[place as usize] = guest;
                place
            }
            None => {
                guests.push(guest);
                (guests.len() - 1) as u32
            }
        };
        Ok(Listener {
            place,
            waker: Waker::from(Arc::new(Button { rung, place })),
        })
    }

    /// A handle waits for what its control block says: its callback is called when that is there. Whether it has to.
    pub(crate) fn arm(&self, listener: &Listener, side: &mut dyn Side, control: &Control) -> bool {
        let lobby = &*self.lobby;
        let Some(eve) = lobby.eve.get() else {
            return listener.arm(side, control);
        };
        side.publish(control, 0);
        let wanted = control.wanted();
        if side.has(wanted) {
            return false;
        }
        let mut guests = lobby.guests.borrow_mut();
        let Some(guest) = &mut guests[listener.place as usize] else {
            return false;
        };
        guest.expects = Some(Expectation {
            wanted,
            position: side.position(control),
        });
        if !guest.is_listed {
            guest.is_listed = true;
            let mut expecting = lobby.expecting.borrow_mut();
            expecting.push(listener.place);
            if expecting.len() == 1 {
                eve.start(before_sleep);
            }
        }
        true
    }

    /// It no longer waits, as far as this side knows.
    pub(crate) fn disarm(&self, listener: &Listener) {
        if let Some(guest) = &mut self.lobby.guests.borrow_mut()[listener.place as usize] {
            guest.expects = None;
        }
    }

    /// The handle has ended: its callback is called no more, and it holds nothing.
    pub(crate) fn forget(&self, listener: Listener) {
        self.hold(&listener, false);
        let lobby = &*self.lobby;
        let place = listener.place;
        let guest = lobby.guests.borrow_mut()[place as usize].take();
        lobby.vacant.borrow_mut().push(place);
        if let Some(guest) = guest {
            // SAFETY: INV-NODE-1: made in `listen`, deleted once.
            let _status = unsafe { sys::napi_delete_reference(lobby.env, guest.callback) };
        }
    }

    /// Whether a handle's wait keeps the event loop alive.
    pub(crate) fn hold(&self, listener: &Listener, hold: bool) {
        let lobby = &*self.lobby;
        let mut guests = lobby.guests.borrow_mut();
        let Some(guest) = &mut guests[listener.place as usize] else {
            return;
        };
        if guest.holds == hold {
            return;
        }
        guest.holds = hold;
        let before = lobby.holding.get();
        let after = if hold { before + 1 } else { before - 1 };
        lobby.holding.set(after);
        if (before == 0) != (after == 0) {
            lobby.keep_alive(after != 0);
        }
    }
}

impl Lobby {
    fn rung(&self) -> &Arc<Rung<LoopBell>> {
        self.rung.get().expect("set by Doorbell::open")
    }

    fn keep_alive(&self, hold: bool) {
        if let Some(bell) = self.bell.get() {
            bell.hold(self.env, hold);
        }
    }

    /// The bell has been rung: calls everybody who was.
    fn answer(&self) {
        let mut taken = self.taken.take();
        self.rung().take(&mut taken);
        self.call_all(taken);
    }

    /// Calls the guests at these places.
    fn call_all(&self, mut places: Vec<u32>) {
        if !places.is_empty() {
            // What is called may do anything that JavaScript can, so nothing is borrowed meanwhile.
            // What is owed when all have been called is settled here: a setImmediate for it, in every turn, would cost 5 %
            // of an awaited round trip.
            let environment = Environment::current();
            let settles = environment.as_ref().is_some_and(|it| it.begin_turn());
            for &place in &places {
                let guest = self.guests.borrow().get(place as usize).copied().flatten();
                if let Some(guest) = guest {
                    self.call(guest.callback);
                }
            }
            if let (true, Some(environment)) = (settles, environment) {
                environment.end_turn();
            }
            places.clear();
        }
        self.taken.replace(places);
    }

    /// Calls a guest as Node calls back. When the environment is ending nothing of this works, and nobody waits.
    fn call(&self, callback: sys::napi_ref) {
        let env = self.env;
        // SAFETY: INV-NODE-1: on the environment's thread, where no call is under way, so with a scope of its own;
        // the reference was read from the table just now. Each out-value is read after its call has succeeded.
        unsafe {
            let mut scope = ptr::null_mut();
            if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
                return;
            }
            let mut function = ptr::null_mut();
            let mut receiver = ptr::null_mut();
            if sys::napi_get_reference_value(env, callback, &mut function) == sys::Status::napi_ok
                && sys::napi_get_global(env, &mut receiver) == sys::Status::napi_ok
            {
                let status = sys::napi_make_callback(
                    env,
                    ptr::null_mut(),
                    receiver,
                    function,
                    0,
                    ptr::null(),
                    ptr::null_mut(),
                );
                if status == sys::Status::napi_pending_exception {
                    // As if any other callback had thrown it.
                    let mut exception = ptr::null_mut();
                    if sys::napi_get_and_clear_last_exception(env, &mut exception)
                        == sys::Status::napi_ok
                    {
                        sys::napi_fatal_exception(env, exception);
                    }
                }
            }
            sys::napi_close_handle_scope(env, scope);
        }
    }
}

/// The loop's thread, after a ring.
unsafe extern "C" fn async_rung(handle: *mut c_void) {
    // SAFETY: INV-NODE-9: the callback of that handle, which is open.
    unsafe { lobby_of(handle) }.answer();
}

/// The loop's thread, before it polls, while anybody expects something.
unsafe extern "C" fn before_sleep(handle: *mut c_void) {
    // SAFETY: INV-NODE-9: the callback of that handle, which is open.
    unsafe { lobby_of(handle) }.attend();
}

/// With a count of its own, for the length of a call: what is called may end everything else.
///
/// # Safety
///
/// INV-NODE-9: a callback of that handle is under way, and the handle is open.
unsafe fn lobby_of(handle: *mut c_void) -> Rc<Lobby> {
    // SAFETY: INV-NODE-9, INV-NODE-1: the caller's promise, and an open handle counts its lobby.
    unsafe {
        let lobby = uv::data(handle).cast::<Lobby>();
        Rc::increment_strong_count(lobby);
        Rc::from_raw(lobby)
    }
}

/// The same of a threadsafe function.
unsafe extern "C" fn function_rung(
    env: sys::napi_env,
    _function: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    // Null when the queue is thrown away.
    if env.is_null() {
        return;
    }
    let lobby = context.cast::<Lobby>().cast_const();
    // SAFETY: INV-NODE-1: a threadsafe function that still calls counts its lobby.
    let lobby = unsafe {
        Rc::increment_strong_count(lobby);
        Rc::from_raw(lobby)
    };
    lobby.answer();
}

/// Cleanup hook: the environment ends, by exit, error or `terminate()`. Node waits until the hook has been removed.
unsafe extern "C" fn environment_ends(
    _hook: sys::napi_async_cleanup_hook_handle,
    data: *mut c_void,
) {
    // SAFETY: INV-NODE-1: the count that `open` gave to bell and hook.
    unsafe { close(data.cast::<Lobby>().cast_const()) };
}

/// Takes the bell away, and in the end the count that it and the hook have of the lobby.
///
/// # Safety
///
/// INV-NODE-1: that count is the caller's to give away. The environment's thread.
unsafe fn close(lobby: *const Lobby) {
    let (bell, eve) = {
        // SAFETY: INV-NODE-1: counted by the caller.
        let lobby = unsafe { &*lobby };
        lobby.bell.set(None);
        (lobby.rung().close(), lobby.eve.take())
    };
    match bell {
        // SAFETY: INV-NODE-9: the bell has been taken out under its lock, so nobody rings it, and the other handles with
        // it.
        Some(LoopBell::Async(handle)) => unsafe {
            if let Some(eve) = eve {
                eve.close(handle_closed);
            }
            handle.close(handle_closed);
        },
        // SAFETY: INV-NODE-5: nobody finds the function any more. INV-NODE-1: passed on. After the release it calls nobody.
        Some(LoopBell::Function(function)) => unsafe {
            function.release();
            closed(lobby);
        },
        // SAFETY: INV-NODE-1: passed on.
        None => unsafe { closed(lobby) },
    }
}

/// libuv has let go of one of the handles.
unsafe extern "C" fn handle_closed(handle: *mut c_void) {
    // SAFETY: INV-NODE-9: the close callback of that handle. INV-NODE-1: the count that the handles had is there until
    // the last of them has closed.
    unsafe {
        let lobby = uv::data(handle).cast::<Lobby>();
        uv::free(handle);
        let open = (*lobby).open.get() - 1;
        (*lobby).open.set(open);
        if open == 0 {
            closed(lobby);
        }
    }
}

/// The bell is gone.
///
/// # Safety
///
/// As [`close`].
unsafe fn closed(lobby: *const Lobby) {
    // SAFETY: INV-NODE-1: passed on.
    let lobby = unsafe { Rc::from_raw(lobby) };
    let hook = lobby.hook.replace(ptr::null_mut());
    if !hook.is_null() {
        // SAFETY: INV-NODE-1: Node keeps the hook's handle until this.
        let _status = unsafe { sys::napi_remove_async_cleanup_hook(hook) };
    }
}
