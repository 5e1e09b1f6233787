/// The page's style: on paper, on a phone, in dark mode.
extension ReportPage {
    static let style = """

        :root { --ink: #1c2126; --soft: #59636e; --page: #fff; --card: #f5f7f9; --line: #d5dbe1;
          --link: #0b5cad; --warn: #8a5a00; --bad: #b42318; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e4e8ec; --soft: #9aa5b1; --page: #14181c; --card: #1d2329; --line: #353d46;
            --link: #79b8ff; --warn: #e3b341; --bad: #ff8a80; }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
        body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 68rem; color: var(--ink);
          background: var(--page); font: 16px/1.5 system-ui, "Segoe UI", Arial, sans-serif; }
        h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; }
        h2 { margin: 2.5rem 0 .75rem; padding-bottom: .3rem; font-size: 1.25rem;
          border-bottom: 1px solid var(--line); }
        h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
        p { margin: .5rem 0; max-width: 46rem; }
        header p, footer p, p { overflow-wrap: anywhere; }
        header p, footer, small, .links { color: var(--soft); }
        a { color: var(--link); }
        code, pre { font: .875em/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono",
          monospace; }
        code code, pre code { font-size: 1em; }
        .tiles { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 0; padding: 0; list-style: none; }
        .tiles li { padding: .35rem .8rem; border: 1px solid var(--line); border-radius: .5rem;
          background: var(--card); }
        .tiles b { font-size: 1.15rem; }
        .warn b { color: var(--warn); }
        .bad b { color: var(--bad); }
        figure { margin: 0 0 1.75rem; }
        figcaption { display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline;
          margin-top: .4rem; }
        .links { font-size: .875rem; }
        .picture { position: relative; overflow-x: auto; padding: .5rem; border: 1px solid var(--line);
          border-radius: .5rem; background: var(--page); color: var(--ink); }
        /* gnuplot's colours, as the page's. */
        .picture svg [fill="#ffffff"] { fill: none; }
        .picture svg [color="#FFFFFF"], .picture svg [color="rgb(255, 255, 255)"] { color: var(--page); }
        .picture svg [color="black"], .picture svg [color="rgb(  0,   0,   0)"] { color: var(--ink); }
        .picture svg [stroke="black"], .picture svg [stroke="rgb(  0,   0,   0)"] { stroke: var(--ink); }
        .picture svg [fill="black"], .picture svg [fill="rgb(  0,   0,   0)"] { fill: var(--ink); }
        .picture svg [fill="rgb(85,85,85)"] { fill: var(--soft); }
        .picture svg [stroke="rgb(230, 230, 230)"] { stroke: var(--line); }
        .picture svg [stroke="rgb(119, 119, 119)"] { stroke: var(--soft); }
        .picture .key { cursor: pointer; pointer-events: bounding-box; }
        .mark { fill: none; stroke: var(--ink); stroke-width: 1.5; pointer-events: none; }
        .picture svg { display: block; width: 100%; height: auto; min-width: 30rem; margin: 0 auto;
          max-width: calc(1.3 * var(--width, 50rem)); }
        .scroll { overflow: auto; margin: .75rem 0; border: 1px solid var(--line); border-radius: .5rem; }
        /* Tables use a wide window. */
        .sortable, .wide { position: relative; left: 50%; width: fit-content; min-width: 100%;
          max-width: calc(100vw - 3rem); max-height: 85vh; transform: translateX(-50%); }
        .sortable th, .wide th { position: sticky; top: 0; z-index: 1; }
        th button { padding: 0; border: 0; background: none; color: inherit; font: inherit; text-align: inherit;
          cursor: pointer; }
        th button::after { content: " \u{2195}"; color: var(--soft); opacity: .55; }
        th[aria-sort="ascending"] button::after { content: " \u{2191}"; color: var(--ink); opacity: 1; }
        th[aria-sort="descending"] button::after { content: " \u{2193}"; color: var(--ink); opacity: 1; }
        .tools { display: flex; flex-wrap: wrap; gap: .4rem .75rem; align-items: center; margin: .75rem 0 0;
          font-size: .875rem; }
        .tools output { color: var(--soft); margin-left: auto; }
        .tools input, .tools select, .tools button, .more, .columns select { padding: .2rem .5rem;
          border: 1px solid var(--line); border-radius: .35rem; background: var(--card); color: var(--ink);
          font: inherit; max-width: 12rem; }
        .tools button, .more { cursor: pointer; }
        .canvas { overflow-x: auto; touch-action: pan-x pan-y; }
        canvas { display: block; cursor: crosshair; touch-action: pan-x; }
        .columns { font-size: .875rem; }
        .columns label { display: inline-block; margin: .1rem .9rem .1rem 0; }
        .tip { position: fixed; z-index: 9; padding: .3rem .6rem; border: 1px solid var(--line);
          border-radius: .35rem; background: var(--page); color: var(--ink); font-size: .8125rem;
          line-height: 1.35; white-space: pre; pointer-events: none; box-shadow: 0 2px 8px #0003; }
        [hidden] { display: none; }
        pre.scroll { padding: .75rem 1rem; background: var(--card); }
        table { width: 100%; border-collapse: collapse; font-size: .875rem;
          font-variant-numeric: tabular-nums; }
        th, td { padding: .35rem .75rem; text-align: left; vertical-align: top; }
        th { font-weight: 600; vertical-align: bottom; background: var(--card); }
        tr + tr td, tbody tr:first-child td { border-top: 1px solid var(--line); }
        th.n { min-width: 5rem; }
        td.n { white-space: nowrap; }
        .n { text-align: right; }
        .long { display: inline-block; min-width: 11rem; overflow-wrap: anywhere; white-space: pre-wrap; }
        .note { margin-bottom: 1rem; padding: .5rem .8rem; border-left: .25rem solid var(--warn);
          background: var(--card); }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: .75rem 0; }
        dt { color: var(--soft); }
        dd { margin: 0; overflow-wrap: anywhere; }
        details { margin: .75rem 0; }
        summary { cursor: pointer; }
        footer { margin-top: 3rem; border-top: 1px solid var(--line); font-size: .875rem; }
        @media (max-width: 30rem) {
          dl { grid-template-columns: 1fr; }
          dd { margin-bottom: .4rem; }
        }
        @media print {
          :root { --ink: #000; --soft: #444; --page: #fff; --card: #fff; --line: #bbb; --link: #000;
            --warn: #000; --bad: #000; }
          body { max-width: none; padding: 0; font-size: 10pt; }
          h2 { break-after: avoid; }
          figcaption { break-before: avoid; }
          figure, tr { break-inside: avoid; }
          .scroll, .picture { overflow: visible; border: 0; padding: 0; }
          .sortable, .wide { position: static; width: auto; max-width: none; max-height: none; transform: none; }
          .sortable th, .wide th { position: static; }
          th button::after { content: none; }
          .tools, .more, .tip, #trials { display: none; }
          .picture svg { min-width: 0; max-height: 12cm; }
          table { font-size: 7pt; }
          th, td { padding: .1rem .2rem; }
          th.n { min-width: 3em; }
          .n { overflow-wrap: anywhere; }
          pre { white-space: pre-wrap; overflow-wrap: anywhere; }
        }

        """
}
