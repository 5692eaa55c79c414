/*
 * The parked handshake (crates/crosscore/src/park) on total store order, the memory model of x86-64.
 * `npm run proofs` checks it, and that it fails where a barrier is missing.
 *
 * A producer and a consumer with one slot between them; each waits for the other, and each can park.
 * What is to be shown is INV-PARK-1: nobody parks for ever. SPIN reports a state in which nothing can
 * happen any more and a process has not ended as an "invalid end state", and that is a lost wake-up.
 *
 * Total store order: each thread has a first-in first-out buffer of stores. A load looks into the own
 * buffer first, then into memory. The buffer drains one store at a time, at any time. A locked
 * instruction or a fence drains all of it first. (Owens, Sarkar, Sewell: "A better x86 memory model:
 * x86-TSO", 2009.)
 *
 * membarrier: the system call is a fence for its caller; then each other thread that is running is
 * interrupted, between any two of its instructions, and executes a fence there; then the call returns.
 * A thread that is not running has passed a fence when it was switched out. So it is two steps here: a
 * fence of the caller and, any number of steps of the others later, one of the other thread. (Linux,
 * kernel/sched/membarrier.c.)
 *
 * The names of the steps (P1, P2, W1, W2) are those of park/handshake.rs.
 *
 *   -DMEMBARRIER           the parker calls membarrier, the publisher does nothing: right
 *   -DPUBLISHER_FENCE      the publisher has a fence } both: right
 *   -DPARKER_FENCE         the parker has a fence    } one alone, or none: wrong
 *   -DMEMBARRIER_EARLY     membarrier before W1: wrong
 *   -DMEMBARRIER_OTHERS    a membarrier that is no fence for its caller: wrong
 *   -DNO_SECOND_LOOK       without W2: wrong
 *   -DCOMPILER_REORDERS    without the compiler fence P2 can come before P1: wrong
 *   -DTIMEOUTS=n           each side's clock can run out n times during a wait
 */

#ifndef ITEMS
#define ITEMS 3
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#define CAPACITY 1

#define PRODUCER 0
#define CONSUMER 1
#define OTHER(side) (1 - (side))

/* Cells of memory. */
#define TAIL 0
#define HEAD 1
#define CLOSED 2
#define SLOT(side) (3 + (side))
#define CELLS 5

/* States of a slot. */
#define IDLE 0
#define PARKED 1
#define NOTIFYING 2

byte memory[CELLS];

#define DEPTH 3
typedef Stores { byte count; byte cell[DEPTH]; byte value[DEPTH] };
Stores buffer[2];

/* The permit of thread::park: unpark makes it available, park takes it. */
bool permit[2];

/* How many are between the lines that touch the waker in a slot: INV-PARK-2. */
byte touching[2];

byte received;

inline drain_one(whose) {
  memory[buffer[whose].cell[0]] = buffer[whose].value[0];
  buffer[whose].cell[0] = buffer[whose].cell[1];
  buffer[whose].value[0] = buffer[whose].value[1];
  buffer[whose].cell[1] = buffer[whose].cell[2];
  buffer[whose].value[1] = buffer[whose].value[2];
  buffer[whose].cell[2] = 0;
  buffer[whose].value[2] = 0;
  buffer[whose].count--
}

inline drain_all(whose) {
  do
  :: buffer[whose].count > 0 -> drain_one(whose)
  :: else -> break
  od
}

inline fence(whose) {
  d_step { drain_all(whose) }
}

inline store(by, where, what) {
  d_step {
    buffer[by].count < DEPTH ->
    buffer[by].cell[buffer[by].count] = where;
    buffer[by].value[buffer[by].count] = what;
    buffer[by].count++
  }
}

inline load(by, where, into) {
  d_step {
    into = memory[where];
    if :: buffer[by].count > 0 && buffer[by].cell[0] == where -> into = buffer[by].value[0] :: else fi;
    if :: buffer[by].count > 1 && buffer[by].cell[1] == where -> into = buffer[by].value[1] :: else fi;
    if :: buffer[by].count > 2 && buffer[by].cell[2] == where -> into = buffer[by].value[2] :: else fi
  }
}

inline compare_exchange(by, where, old, new, done) {
  d_step {
    drain_all(by);
    if
    :: memory[where] == old -> memory[where] = new; done = true
    :: else -> done = false
    fi
  }
}

/* Touches the waker in a slot. Two steps, so that somebody else could come between. */
inline touch(slot) {
  touching[slot]++;
  d_step { assert(touching[slot] == 1); touching[slot]-- }
}

/* WakerSlot::notify, from P2 on. */
inline notify(by, to, seen, done) {
#ifdef PUBLISHER_FENCE
  fence(by);
#endif
#ifndef COMPILER_REORDERS
  load(by, SLOT(to), seen);                                 /* P2: CHECK_PARKED */
#endif
  if
  :: seen == PARKED ->
     compare_exchange(by, SLOT(to), PARKED, NOTIFYING, done); /* TAKE_WAKER */
     if
     :: done ->
        touch(to);
        store(by, SLOT(to), IDLE);                          /* RETURN_SLOT */
        permit[to] = true                                   /* unpark; nothing relies on its being a fence */
     :: else
     fi
  :: else
  fi
}

inline publish(by, where, what, seen, done) {
#ifdef COMPILER_REORDERS
  load(by, SLOT(OTHER(by)), seen);
#endif
  store(by, where, what);                                   /* P1: PUBLISH_TAIL, PUBLISH_HEAD */
  notify(by, OTHER(by), seen, done)
}

/* WakerSlot::retract. The yield loop is a wait here: one who waits for ever in it is found too. */
inline retract(by, done) {
  compare_exchange(by, SLOT(by), PARKED, IDLE, done);       /* RETRACT */
  if
  :: done -> touch(by)
  :: else -> memory[SLOT(by)] == IDLE                       /* REGAIN_SLOT */
  fi
}

inline heavy(by) {
#ifdef PARKER_FENCE
  fence(by);
#endif
#ifdef MEMBARRIER
  fence(by);
  fence(OTHER(by));
#endif
#ifdef MEMBARRIER_OTHERS
  fence(OTHER(by));
#endif
  skip
}

/* What the producer waits for: room. */
inline look_for_space(is_ready, a) {
  load(PRODUCER, HEAD, a);
  is_ready = (sent - a < CAPACITY)
}

/* What the consumer waits for: an element, or the end. First the mark, then the tail. */
inline look_for_data(is_ready, a) {
  load(CONSUMER, CLOSED, is_ready);
  load(CONSUMER, TAIL, a);
  is_ready = (is_ready || a != taken)
}

/* block_until without the spin. */
#define BLOCK_UNTIL(by, look) \
  look(is_ready, a); \
  do \
  :: is_ready -> break \
  :: else -> \
     retract(by, done); \
     touch(by); \
     EARLY(by); \
     store(by, SLOT(by), PARKED);                           /* W1: PARK */ \
     heavy(by); \
     SECOND_LOOK(look);                                     /* W2 */ \
     if \
     :: is_ready -> retract(by, done) \
     :: else -> \
        do \
        :: true -> \
           load(by, SLOT(by), a); \
           if \
           :: a != PARKED -> break \
           :: else -> \
              if \
              :: permit[by] -> permit[by] = false           /* park */ \
              :: timeouts > 0 -> timeouts--; retract(by, done); break \
              fi \
           fi \
        od; \
        look(is_ready, a); \
        if \
        :: is_ready -> retract(by, done) \
        :: else \
        fi \
     fi \
  od

#ifdef MEMBARRIER_EARLY
#define EARLY(by) fence(by); fence(OTHER(by))
#else
#define EARLY(by) skip
#endif

#ifdef NO_SECOND_LOOK
#define SECOND_LOOK(look) skip
#else
#define SECOND_LOOK(look) look(is_ready, a)
#endif

active proctype producer() {
  byte sent, a, timeouts = TIMEOUTS;
  bool is_ready, done;
  do
  :: sent == ITEMS -> break
  :: else ->
     BLOCK_UNTIL(PRODUCER, look_for_space);
     sent++;
     publish(PRODUCER, TAIL, sent, a, done)
  od;
  /* CLOSE: a locked instruction. */
#ifdef COMPILER_REORDERS
  load(PRODUCER, SLOT(CONSUMER), a);
#endif
  compare_exchange(PRODUCER, CLOSED, false, true, done);
  notify(PRODUCER, CONSUMER, a, done)
}

active proctype consumer() {
  byte taken, a, timeouts = TIMEOUTS;
  bool is_ready, done;
  do
  :: true ->
     BLOCK_UNTIL(CONSUMER, look_for_data);
     load(CONSUMER, TAIL, a);
     if
     :: a == taken -> break
     :: else ->
        taken++;
        publish(CONSUMER, HEAD, taken, a, done)
     fi
  od;
  received = taken;
  assert(received == ITEMS)
}

/* The buffers drain by themselves, at any time. */
active proctype producers_buffer() {
end:
  do
  :: d_step { buffer[PRODUCER].count > 0 -> drain_one(PRODUCER) }
  od
}

active proctype consumers_buffer() {
end:
  do
  :: d_step { buffer[CONSUMER].count > 0 -> drain_one(CONSUMER) }
  od
}
