// What a kind is to the rest of the package.

import type { Consumer, ElementKind, Producer } from '../../index.js'
import type { PortKind } from '../handle/port.js'
import type { NativeHandle } from '../native/addon.js'

/** One kind of element. */
export interface Kind<K extends ElementKind = ElementKind> extends PortKind {
  /** What a token says: a name, or `record` and the schema. */
  readonly of: string
  /** For its type alone. */
  readonly kind?: K
  /** How the addon knows the kind. Never changed, never used again. */
  readonly code: number
  /** What the addon keeps besides the code, for kinds that a schema describes; '' for the others. */
  readonly schema: string
  /** The smallest ring in bytes. */
  readonly least: number
  /** Throws where the runtime has not got what the kind needs. */
  readonly checkRuntime?: () => void
  readonly producer: (native: NativeHandle) => Producer<K>
  readonly consumer: (native: NativeHandle) => Consumer<K>
}
