// All cases, in the order of the report.

import { cases as f64Batch32 } from './f64-batch32.js';
import { cases as f64Blocks } from './f64-blocks.js';
import { cases as f64One } from './f64-one.js';
import { cases as filePipeline } from './file-pipeline.js';
import { cases as frame8mb } from './frame-8mb.js';
import { cases as growth } from './growth.js';
import { withBothLanes } from './lanes.js';
import { cases as messages } from './messages.js';
import { cases as native64 } from './native-64.js';
import { cases as nxShape } from './nx-shape.js';
import { cases as records } from './records.js';
import { cases as roundTrip } from './round-trip.js';
import { cases as rpc } from './rpc.js';
import { cases as string64 } from './string64.js';
import { cases as u64One } from './u64-one.js';
import { cases as values } from './values.js';

/** What a plain `npm run bench` measures. */
export const plainCases = [
  ...f64One,
  ...f64Batch32,
  ...f64Blocks,
  ...u64One,
  ...messages,
  ...string64,
  ...records,
  ...values,
  ...frame8mb,
  ...filePipeline,
  ...roundTrip,
  ...rpc,
  ...native64,
  ...nxShape,
].map(withBothLanes);

/** The number of rings is what the lanes differ by most. */
export const growthCases = growth.map((growthCase) => (growthCase.name.startsWith('growth-rings') ? withBothLanes(growthCase) : growthCase));
