// The package has one way in. What is behind it cannot be imported by name.

import type * as crosscore from 'crosscore'

type Entry = typeof crosscore

// @ts-expect-error the addon is private to the package
type Addon = typeof import('crosscore/native.js')

// @ts-expect-error so are the modules under lib/
type Module = typeof import('crosscore/lib/errors.js')
