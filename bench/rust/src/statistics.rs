pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        (sorted[middle - 1] + sorted[middle]) / 2.0
    }
}

/// Nearest rank, so every figure is one that occurred.
pub fn percentile(sorted: &[u32], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1].into()
}

/// The points of a latency distribution, as the Node bench has them (bench/harness/statistics.js).
pub const PERCENTILES: [f64; 16] = [
    0.0, 1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9, 99.95, 99.99, 100.0,
];

/// Three significant digits, and no whole number cut short.
pub fn round3(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let digits = (2 - value.abs().log10().floor() as i32).max(0);
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

/// The median of the ratios of runs in the same round, and between which bounds it is, with a confidence of 95 %
/// (order statistics: no distribution is assumed, two speeds of the same code included).
#[derive(Clone, Copy, Debug)]
pub struct Paired {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

pub fn paired(mut ratios: Vec<f64>) -> Paired {
    ratios.sort_unstable_by(f64::total_cmp);
    let count = ratios.len();
    // Ranks of the binomial distribution with p = 1/2, by its normal approximation.
    let reach = 0.98 * (count as f64).sqrt();
    let rank = |at: f64| ratios[(at as isize).clamp(0, count as isize - 1) as usize];
    Paired {
        median: median(&ratios),
        low: rank((count as f64 / 2.0 - reach).floor()),
        high: rank((count as f64 / 2.0 + reach).ceil()),
    }
}
