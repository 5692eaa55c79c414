// Another process, with a token on its command line.

import { Producer } from 'crosscore'

try {
  Producer.from(JSON.parse(process.argv[2]))
  console.log('claimed')
} catch (error) {
  console.log(error.code)
}
