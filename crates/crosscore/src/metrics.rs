//! What a ring tells about itself.

/// Counts since the ring was made, from [`Producer::metrics`](crate::Producer::metrics) or
/// [`Consumer::metrics`](crate::Consumer::metrics).
///
/// `sent` and `received` are derived from the cursors and cost nothing. The others are plain
/// counters on the line of the one thread that writes them, touched only when that thread looks at
/// the other side's cursor. Nothing here is a read-modify-write instruction.
///
/// What is counted is operations that got less than they asked for: a push that was refused, a pop that found
/// nothing, a reservation that became shorter. Questions ([`Producer::free_slots`](crate::Producer::free_slots),
/// [`Consumer::available`](crate::Consumer::available), [`Consumer::is_done`](crate::Consumer::is_done) and
/// whatever waits or polls) count nothing; `push_wait` and `pop_wait` try first, and so count one however long
/// they wait.
///
/// The numbers are read one after the other while both sides may run: each is recent, together
/// they are not one instant.
///
/// ```
/// use crosscore::Ring;
///
/// let (mut producer, mut consumer) = Ring::with_capacity(2)?;
/// producer.push('a').unwrap();
/// producer.push('b').unwrap();
/// assert!(producer.push('c').is_err());
/// assert_eq!(consumer.pop(), Some('a'));
///
/// let metrics = consumer.metrics();
/// assert_eq!((metrics.sent, metrics.received), (2, 1));
/// assert_eq!(metrics.full_encounters, 1);
/// assert_eq!(metrics.high_water_mark, 2);
/// # Ok::<(), crosscore::RingError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Elements published.
    pub sent: u64,
    /// Elements released by the consumer.
    pub received: u64,
    /// How many operations of the producer found fewer free slots than they wanted, after a look at the
    /// consumer's cursor.
    pub full_encounters: u64,
    /// How many operations of the consumer found fewer elements than they wanted, after a look at the
    /// producer's cursor.
    pub empty_encounters: u64,
    /// The most slots in use that either side saw when it looked at the other's cursor.
    pub high_water_mark: u64,
}
