/// The part of the page's script that sorts, filters and searches tables, and copies them as CSV.
extension ReportPage {
    static let tableScript = #"""
        const make = (name, attributes = {}, ...content) => {
          const element = document.createElement(name);
          for (const [key, value] of Object.entries(attributes)) {
            if (typeof value === "function") element.addEventListener(key, value);
            else if (value !== null) element.setAttribute(key, value);
          }
          element.append(...content);
          return element;
        };
        // The number at the beginning of a cell, such as "−12.7 ± 0.3"; NaN without one.
        const leadingNumber = text => {
          const plain = text.replace(/[\s\u202f\u00a0]/g, "").replaceAll("\u2212", "-");
          const found = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/i.exec(plain);
          return found ? Number(found[0]) : NaN;
        };
        const shortNumber = number => {
          if (Number.isInteger(number) && Math.abs(number) < 1e9) return String(number).replace("-", "\u2212");
          const size = Math.abs(number);
          const text = size >= 1e-4 && size < 1e9 ? String(Number(number.toPrecision(4)))
            : number.toExponential(3).replace("+", "");
          return text.replaceAll("-", "\u2212");
        };
        const copyText = async (text, button) => {
          try { await navigator.clipboard.writeText(text); }
          catch {
            const area = make("textarea");
            area.value = text;
            document.body.append(area);
            area.select();
            document.execCommand("copy");
            area.remove();
          }
          const label = button.textContent;
          button.textContent = "Copied";
          setTimeout(() => { button.textContent = label; }, 1500);
        };
        const csvCell = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

        // A table with sorting, filters and a search above it. A row is {cells, csv, node}; `node` is made when
        // it is first shown. Columns from `numeric` on are numbers.
        class Grid {
          constructor(region, heads, numeric, rows) {
            Object.assign(this, {region, heads, numeric, rows, query: "", chosen: new Map(), most: 100,
              column: -1, isDown: false, extra: null});
            this.body = region.querySelector("tbody");
            this.sorters = [...region.querySelectorAll("th")].map((head, column) => {
              const button = make("button", {type: "button", click: () => this.sort(column)}, ...head.childNodes);
              head.append(button);
              return head;
            });
            this.count = make("output");
            this.more = make("button", {type: "button", class: "more", click: () => {
              this.most *= 10;
              this.show();
            }}, "Show more");
            const copy = make("button", {type: "button",
              click: event => copyText(this.csv(), event.currentTarget)}, "Copy as CSV");
            const search = make("input", {type: "search", placeholder: "Search", "aria-label": "Search",
              input: event => { this.query = event.target.value.toLowerCase(); this.show(); }});
            this.tools = make("div", {class: "tools"}, search, ...this.selects(), this.count, copy);
            region.before(this.tools);
            region.after(this.more);
            this.show();
          }
          selects() {
            const list = [];
            for (let column = 0; column < Math.min(this.numeric, this.heads.length); column++) {
              const values = [...new Set(this.rows.map(row => row.cells[column]))];
              if (values.length < 2 || values.length > 60) continue;
              values.sort(Grid.order);
              list.push(make("label", {}, this.heads[column] + " ", make("select", {
                "aria-label": `Only this ${this.heads[column]}`,
                change: event => {
                  if (event.target.selectedIndex === 0) this.chosen.delete(column);
                  else this.chosen.set(column, event.target.value);
                  this.show();
                }
              }, make("option", {value: ""}, "all"), ...values.map(value => make("option", {value}, value)))));
            }
            return list;
          }
          static order(a, b) {
            const [x, y] = [leadingNumber(a), leadingNumber(b)];
            if (Number.isNaN(x) || Number.isNaN(y)) {
              return Number.isNaN(x) - Number.isNaN(y) || (a < b ? -1 : a > b ? 1 : 0);
            }
            return x - y;
          }
          sort(column) {
            this.isDown = this.column === column ? !this.isDown : column >= this.numeric;
            this.column = column;
            this.sorters.forEach((head, index) => {
              if (index === column) head.setAttribute("aria-sort", this.isDown ? "descending" : "ascending");
              else head.removeAttribute("aria-sort");
            });
            this.show();
          }
          // The rows that pass the table's own filters.
          get filtered() {
            return this.rows.filter(row =>
              [...this.chosen].every(([column, value]) => row.cells[column] === value)
              && (!this.query || row.cells.some(cell => cell.toLowerCase().includes(this.query))));
          }
          get shown() { return this.sorted(this.filtered); }
          sorted(filtered) {
            const rows = filtered.filter(row => !this.extra || this.extra(row));
            if (this.column >= 0) {
              const sign = this.isDown ? -1 : 1;
              const isMissing = row => Number.isNaN(leadingNumber(row.cells[this.column]));
              rows.sort((a, b) => {
                // Missing numbers stay last.
                if (this.column >= this.numeric && isMissing(a) !== isMissing(b)) return isMissing(a) - isMissing(b);
                return sign * Grid.order(a.cells[this.column], b.cells[this.column]);
              });
            }
            return rows;
          }
          show() {
            const filtered = this.filtered, rows = this.sorted(filtered);
            this.body.replaceChildren(...rows.slice(0, this.most).map(row => row.node ??= this.line(row)));
            this.count.textContent = rows.length === this.rows.length ? `${rows.length} rows`
              : `${rows.length} of ${this.rows.length} rows`;
            this.more.hidden = rows.length <= this.most;
            this.changed?.(filtered);
          }
          line(row) {
            return make("tr", {}, ...row.cells.map((cell, column) =>
              make("td", column >= this.numeric ? {class: "n"} : {}, cell)));
          }
          csv() {
            const lines = [this.heads, ...this.shown.map(row => row.csv ?? row.cells)];
            return lines.map(cells => cells.map(csvCell).join(",") + "\n").join("");
          }
        }
        for (const region of document.querySelectorAll(".sortable")) {
          const heads = [...region.querySelectorAll("th")].map(head => head.textContent);
          const rows = [...region.querySelectorAll("tbody tr")].map(node =>
            ({node, cells: [...node.cells].map(cell => cell.textContent)}));
          if (rows.length > 1) new Grid(region, heads, Number(region.dataset.numeric), rows);
        }

        """#
}
