// Has a token in its workerData and the package loaded, and does nothing with either.

// oxlint-disable-next-line import/no-unassigned-import -- loading it is the point
import 'crosscore'
