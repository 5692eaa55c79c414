import { existsSync, readdirSync } from 'node:fs'
import { defineConfig } from 'vitepress'

/** Pages that scripts/site.mjs copies from docs/ or makes from index.ts. */
const api = (folder) => {
  try {
    return readdirSync(new URL(`../api/${folder}/`, import.meta.url))
      .filter((file) => file.endsWith('.md'))
      .map((file) => ({ text: file.slice(0, -3), link: `/api/${folder}/${file.slice(0, -3)}` }))
  } catch {
    return []
  }
}

/** Of the benchmarks: scripts/site.mjs puts it there if there is one. It is no page of the site's own. */
const report = existsSync(new URL('../public/report/index.html', import.meta.url))
  ? [{ text: 'Report', link: '/report/index.html', target: '_self' }]
  : []

/** As GitHub makes anchors, so that the links of docs/ lead to the same places here and there. */
const slugify = (title) =>
  title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')

export default defineConfig({
  base: process.env.DOCS_BASE ?? '/',
  title: 'crosscore',
  description: 'Data between two threads of Node: one bounded ring, owned by Rust',
  lastUpdated: false,
  markdown: { anchor: { slugify } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: 'https://github.com/crosscore/crosscore' }],
    nav: [
      { text: 'Guide', link: '/getting-started' },
      { text: 'API', link: '/api/README' },
      { text: 'Examples', link: '/examples' },
      { text: 'Performance', link: '/performance' },
      ...report,
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'Getting started', link: '/getting-started' },
          { text: 'Choosing a kind', link: '/kinds' },
          { text: 'Waiting and backpressure', link: '/waiting' },
          { text: 'Moving handles, dying workers', link: '/moving' },
          { text: 'Streams, requests, many rings', link: '/streams' },
          { text: 'What you can rely on', link: '/guarantees' },
          { text: 'Examples', link: '/examples' },
          { text: 'Questions', link: '/faq' },
        ],
      },
      {
        text: 'Where it runs',
        items: [
          { text: 'Runtimes, bundlers, runners, pools', link: '/runtimes' },
          { text: 'Platforms', link: '/platforms' },
        ],
      },
      {
        text: 'Compared',
        items: [
          { text: 'With others', link: '/compared' },
          { text: 'Performance', link: '/performance' },
        ],
      },
      {
        text: 'Coming from',
        items: [
          { text: 'postMessage', link: '/from-postmessage' },
          { text: 'ringbuf.js', link: '/from-ringbuf' },
          { text: 'thread-stream', link: '/from-thread-stream' },
          { text: 'comlink', link: '/from-comlink' },
        ],
      },
      {
        text: 'Rust',
        items: [
          { text: 'The crate', link: '/rust' },
          { text: 'Rust at one end', link: '/native-sources' },
        ],
      },
      {
        text: 'Inside',
        items: [
          { text: 'How it works', link: '/how-it-works' },
          { text: 'The express lane', link: '/express-lane' },
          { text: 'Soundness', link: '/soundness' },
          { text: 'Orderings', link: '/orderings' },
          { text: 'Invariants and their tests', link: '/matrix' },
        ],
      },
      {
        text: 'API',
        collapsed: true,
        items: [...api('variables'), ...api('functions'), ...api('interfaces'), ...api('classes'), ...api('type-aliases')],
      },
    ],
  },
})
