// Loaded before ava in Bun: what ava calls at its end, and Bun's node:v8 answers with an exception.

import v8 from 'node:v8'

v8.takeCoverage = () => {}
