/// The part of the page's script that lists the trials and draws their parallel coordinates.
extension ReportPage {
    static let trialScript = #"""
        // Lines through one axis for each column. `columns` is [{name, values}], one value a trial.
        class Parallel {
          constructor(parent, columns, changed) {
            Object.assign(this, {columns, changed, brushes: new Map(), hidden: new Set(), near: -1,
              count: columns[0].values.length, shown: null});
            for (const column of columns) this.scale(column);
            this.canvas = make("canvas", {role: "img", "aria-label": "Parallel coordinates of the trials",
              pointerdown: event => this.press(event), pointermove: event => this.move(event),
              pointerup: () => this.release(), pointercancel: () => this.release(),
              pointerleave: () => this.leave()});
            this.tip = make("div", {class: "tip"});
            this.tip.hidden = true;
            this.colour = columns.length - 1;
            const choices = make("details", {class: "columns"}, make("summary", {}, "Axes and colour"),
              make("label", {}, "colour ", make("select", {"aria-label": "Colour by", change: event => {
                this.colour = Number(event.target.value);
                this.draw();
              }}, ...columns.map((column, index) => make("option",
                index === this.colour ? {value: index, selected: ""} : {value: index}, column.name)))),
              ...columns.map((column, index) => {
                const box = make("input", {type: "checkbox", change: event => {
                  if (event.target.checked) this.hidden.delete(index); else this.hidden.add(index);
                  this.brushes.delete(index);
                  this.changed();
                }});
                box.checked = !column.isHidden;
                if (column.isHidden) this.hidden.add(index);
                return make("label", {}, box, " " + column.name);
              }));
            parent.append(make("div", {class: "canvas"}, this.canvas, this.tip), choices);
            new ResizeObserver(() => this.draw()).observe(parent);
            matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
            this.draw();
          }
          scale(column) {
            const numbers = column.values.filter(value => typeof value === "number");
            column.isNumeric = numbers.length > 0 && column.values.every(v => v === null || typeof v === "number");
            if (!column.isNumeric) {
              column.labels = [...new Set(column.values.map(String))].sort(Grid.order);
              const indices = new Map(column.labels.map((label, index) => [label, index]));
              column.fraction = column.values.map(value => column.labels.length < 2 ? 0.5
                : indices.get(String(value)) / (column.labels.length - 1));
              return;
            }
            // Not Math.min(...numbers): a call takes some 100 000 arguments at most.
            const low = numbers.reduce((a, b) => Math.min(a, b)), high = numbers.reduce((a, b) => Math.max(a, b));
            column.isLog = low > 0 && high / low > 50;
            const at = value => column.isLog ? Math.log(value) : value;
            column.at = value => high === low ? 0.5 : (at(value) - at(low)) / (at(high) - at(low));
            column.fraction = column.values.map(value => value === null ? null : column.at(value));
            column.ticks = Parallel.ticks(low, high, column.isLog);
          }
          static ticks(low, high, isLog) {
            if (high === low) return [low];
            if (isLog) {
              const powers = [];
              for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1e-9; power++) {
                powers.push(power);
              }
              const step = Math.ceil(powers.length / 6), factors = powers.length < 4 ? [1, 2, 5] : [1];
              return powers.filter((_, index) => index % step === 0)
                .flatMap(power => factors.map(factor => Number(`${factor}e${power}`)))
                .filter(tick => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
            }
            const raw = (high - low) / 4, unit = 10 ** Math.floor(Math.log10(raw));
            const step = unit * [1, 2, 5, 10].find(factor => factor * unit >= raw);
            const list = [];
            for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) {
              list.push(Number((n * step).toPrecision(12)));
            }
            return list;
          }
          get visible() { return this.columns.map((_, index) => index).filter(index => !this.hidden.has(index)); }
          passes(trial) {
            for (const [index, [low, high]] of this.brushes) {
              const fraction = this.columns[index].fraction[trial];
              if (fraction === null || fraction < low || fraction > high) return false;
            }
            return true;
          }
          x(position, count) {
            const [left, right] = [56, 56];
            return count < 2 ? this.width / 2 : left + position * (this.width - left - right) / (count - 1);
          }
          y(fraction) { return 46 + (1 - fraction) * (this.height - 66); }
          draw() {
            const ratio = devicePixelRatio || 1, style = getComputedStyle(document.documentElement);
            const visible = this.visible;
            this.width = Math.max(this.canvas.parentElement.clientWidth, 56 * visible.length + 60);
            this.height = 340;
            Object.assign(this.canvas, {width: this.width * ratio, height: this.height * ratio});
            Object.assign(this.canvas.style, {width: this.width + "px", height: this.height + "px"});
            const pen = this.canvas.getContext("2d");
            pen.scale(ratio, ratio);
            const ink = style.getPropertyValue("--ink"), faint = style.getPropertyValue("--line");
            const kept = [], others = [];
            for (let trial = 0; trial < this.count; trial++) {
              (this.passes(trial) && (!this.shown || this.shown.has(trial)) ? kept : others).push(trial);
            }
            const line = trial => {
              pen.beginPath();
              let isOpen = false;
              visible.forEach((index, position) => {
                const fraction = this.columns[index].fraction[trial];
                if (fraction === null) { isOpen = false; return; }
                const point = [this.x(position, visible.length), this.y(fraction)];
                if (isOpen) pen.lineTo(...point); else pen.moveTo(...point);
                isOpen = true;
              });
              pen.stroke();
            };
            pen.lineWidth = 1;
            pen.strokeStyle = faint;
            pen.globalAlpha = 0.35;
            others.forEach(line);
            pen.globalAlpha = Math.max(0.12, Math.min(0.9, 60 / kept.length));
            for (const trial of kept) {
              pen.strokeStyle = Parallel.colour(this.columns[this.colour].fraction[trial]);
              line(trial);
            }
            pen.globalAlpha = 1;
            if (this.near >= 0) {
              pen.lineWidth = 2.5;
              pen.strokeStyle = ink;
              line(this.near);
            }
            pen.font = "12px system-ui, sans-serif";
            visible.forEach((index, position) => this.axis(pen, index, position, visible.length, ink, style));
          }
          axis(pen, index, position, count, ink, style) {
            const column = this.columns[index], x = this.x(position, count);
            pen.strokeStyle = ink;
            pen.fillStyle = ink;
            pen.lineWidth = 1;
            pen.beginPath();
            pen.moveTo(x, this.y(1));
            pen.lineTo(x, this.y(0));
            pen.stroke();
            const brush = this.brushes.get(index);
            if (brush) {
              pen.fillStyle = style.getPropertyValue("--link");
              pen.globalAlpha = 0.35;
              pen.fillRect(x - 7, this.y(brush[1]), 14, this.y(brush[0]) - this.y(brush[1]));
              pen.globalAlpha = 1;
              pen.fillStyle = ink;
            }
            const room = count < 2 ? this.width : (this.width - 112) / (count - 1);
            const fit = (text, width) => {
              if (pen.measureText(text).width <= width) return text;
              while (text.length > 1 && pen.measureText(text + "…").width > width) text = text.slice(0, -1);
              return text + "…";
            };
            pen.textAlign = "center";
            // Names of neighbours stand on two lines.
            pen.fillText(fit(column.name, Math.min(2 * room, 2 * Math.min(x, this.width - x)) - 8), x,
              position % 2 ? 14 : 30);
            pen.textAlign = "left";
            const halo = style.getPropertyValue("--page");
            const ticks = column.isNumeric ? column.ticks.map(tick => [shortNumber(tick), column.at(tick)])
              : column.labels.filter((_, n) => n % Math.ceil(column.labels.length / 12) === 0).map(label =>
                [label, column.labels.length < 2 ? 0.5
                  : column.labels.indexOf(label) / (column.labels.length - 1)]);
            for (const [text, fraction] of ticks) {
              const y = this.y(fraction);
              pen.beginPath();
              pen.moveTo(x, y);
              pen.lineTo(x + 4, y);
              pen.stroke();
              pen.strokeStyle = halo;
              pen.lineWidth = 3;
              const shown = fit(text, Math.max(24, room - 12));
              pen.strokeText(shown, x + 6, y + 4);
              pen.fillText(shown, x + 6, y + 4);
              pen.strokeStyle = ink;
              pen.lineWidth = 1;
            }
          }
          // Viridis, by its five quarters.
          static colour(fraction) {
            if (fraction === null) return "#999";
            const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [220, 200, 40]];
            const at = Math.min(Math.max(fraction, 0), 1) * 4, index = Math.min(Math.floor(at), 3);
            return `rgb(${stops[index].map((low, n) =>
              Math.round(low + (at - index) * (stops[index + 1][n] - low))).join(",")})`;
          }
          point(event) {
            const box = this.canvas.getBoundingClientRect();
            return [event.clientX - box.left, event.clientY - box.top];
          }
          press(event) {
            const [x, y] = this.point(event), visible = this.visible;
            const position = visible.findIndex((_, n) => Math.abs(this.x(n, visible.length) - x) < 16);
            if (position < 0) return;
            this.canvas.setPointerCapture(event.pointerId);
            this.drag = {index: visible[position], from: y};
            this.brushes.delete(this.drag.index);
          }
          move(event) {
            const [x, y] = this.point(event);
            const fraction = at => 1 - (at - 46) / (this.height - 66);
            if (this.drag) {
              const ends = [fraction(this.drag.from), fraction(y)].sort((a, b) => a - b);
              if (Math.abs(this.drag.from - y) < 4) this.brushes.delete(this.drag.index);
              else this.brushes.set(this.drag.index, ends);
              this.draw();
              return;
            }
            this.hover(x, y, event);
          }
          hover(x, y, event) {
            const visible = this.visible, count = visible.length;
            if (!count) return;
            let position = 0;
            while (position < count - 2 && this.x(position + 1, count) < x) position++;
            const [a, b] = [this.columns[visible[position]], this.columns[visible[Math.min(position + 1, count - 1)]]];
            const left = this.x(position, count), right = this.x(position + 1, count);
            const share = count < 2 ? 0 : Math.min(Math.max((x - left) / (right - left), 0), 1);
            let [best, near] = [7, -1];
            for (let trial = 0; trial < this.count; trial++) {
              if (!this.passes(trial) || (this.shown && !this.shown.has(trial))) continue;
              const [from, to] = [a.fraction[trial], b.fraction[trial]];
              if (from === null || to === null) continue;
              const distance = Math.abs(this.y(from + share * (to - from)) - y);
              if (distance < best) [best, near] = [distance, trial];
            }
            if (near !== this.near) {
              this.near = near;
              this.draw();
            }
            this.tip.hidden = near < 0;
            if (near < 0) return;
            this.tip.textContent = visible.map(index => {
              const value = this.columns[index].values[near];
              return `${this.columns[index].name} ${typeof value === "number" ? shortNumber(value) : value ?? "–"}`;
            }).join("\n");
            moveTip(this.tip, event);
          }
          leave() {
            this.tip.hidden = true;
            if (this.near >= 0) { this.near = -1; this.draw(); }
          }
          release() {
            if (this.drag) { this.drag = null; this.changed(); }
          }
        }
        // Beside the pointer, inside the window.
        const moveTip = (tip, event) => {
          tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)) + "px";
          tip.style.top = Math.max(4, Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)) + "px";
        };
        const trialData = document.getElementById("trial-data");
        if (trialData) {
          const {axes, metrics, rows} = JSON.parse(trialData.textContent);
          const heads = ["trial", "outcome", ...axes, ...metrics], numeric = 2 + axes.length;
          const shown = (value, column) => value === null ? "–" : typeof value === "number" ? shortNumber(value)
            : column === 1 ? (value ? "measured" : "diverged") : value;
          const list = rows.map((values, trial) => ({
            trial, cells: values.map(shown),
            csv: values.map((value, column) => column === 1 ? shown(value, 1) : value === null ? "" : String(value))
          }));
          const region = make("div", {class: "scroll wide", tabindex: "0", role: "region", "aria-label": "Trials"},
            make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head, column) =>
              make("th", {scope: "col", class: column >= numeric ? "n" : null}, head)))), make("tbody")));
          document.getElementById("trial-list").append(region);
          const grid = new Grid(region, heads, numeric, list);
          const distinct = column => new Set(rows.map(values => values[column])).size;
          let metricCount = 0;
          const columns = heads.map((name, column) => ({name, column})).slice(2)
            .filter(({column}) => distinct(column) > 1).map(({name, column}) => ({
              name, values: rows.map(values => values[column]),
              isHidden: column >= numeric ? metricCount++ >= 4 : name === "seed"
            }));
          if (columns.length > 1 && rows.length > 1) {
            const parallel = new Parallel(document.getElementById("parallel"), columns, () => grid.show());
            grid.extra = row => parallel.passes(row.trial);
            grid.changed = filtered => {
              parallel.shown = filtered.length === rows.length ? null : new Set(filtered.map(row => row.trial));
              parallel.draw();
            };
          } else document.querySelector("#trials .hint").remove();
        }

        """#
}
