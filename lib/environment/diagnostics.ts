// What programs and their tools can watch: node:diagnostics_channel.

import { channel } from 'node:diagnostics_channel'

const channels = {
  ring: channel('crosscore:ring'),
  claim: channel('crosscore:claim'),
  close: channel('crosscore:close'),
  corrupt: channel('crosscore:corrupt'),
}

/** Publishes on a channel. The message is only made if somebody listens. */
export function announce(name: keyof typeof channels, message: () => object): void {
  const to = channels[name]
  if (to.hasSubscribers) to.publish(message())
}
