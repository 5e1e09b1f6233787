/// The part of the page's script that shows the values of figures and hides their curves.
extension ReportPage {
    static let figureScript = #"""
        // A drawn figure with its data: see FigureScript.pageData.
        class Figure {
          constructor(svg, data) {
            Object.assign(this, {svg, data, hidden: new Set()});
            const titles = [...svg.querySelectorAll("g > title")];
            this.groups = titles.map(title => title.parentElement);
            // gnuplot's names for its elements would be shown as tooltips.
            titles.forEach(title => title.remove());
            if (this.groups.length === data.elements.length) this.addToggles();
            this.mark = document.createElementNS(svg.namespaceURI, "circle");
            this.mark.setAttribute("class", "mark");
            this.mark.setAttribute("r", 6);
            this.tip = make("div", {class: "tip"});
            this.tip.hidden = true;
            document.body.append(this.tip);
            svg.addEventListener("pointermove", event => this.hover(event));
            svg.addEventListener("pointerleave", () => this.leave());
          }
          // The key's first entry of a curve hides and shows it.
          addToggles() {
            const seen = new Set();
            this.groups.forEach((group, index) => {
              const style = this.data.elements[index];
              if (style === null || seen.has(style) || !group.querySelector("text")) return;
              seen.add(style);
              const toggle = () => {
                if (this.hidden.has(style)) this.hidden.delete(style); else this.hidden.add(style);
                group.setAttribute("aria-pressed", !this.hidden.has(style));
                this.show();
              };
              Object.entries({role: "button", tabindex: 0, "aria-pressed": true, class: "key",
                "aria-label": `Show ${this.data.names[style]}`}).forEach(([key, value]) =>
                group.setAttribute(key, value));
              group.addEventListener("click", toggle);
              group.addEventListener("keydown", event => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                toggle();
              });
            });
          }
          show() {
            this.groups.forEach((group, index) => {
              const isHidden = this.hidden.has(this.data.elements[index]);
              if (group.matches(".key")) group.style.opacity = isHidden ? 0.3 : 1;
              else group.style.display = isHidden ? "none" : "";
            });
            this.leave();
          }
          // The shown point next to the pointer, in the picture's pixels.
          nearest(x, y) {
            const {width, height} = this.svg.viewBox.baseVal;
            let best = null;
            for (const panel of this.data.panels) {
              const [left, right, bottom, top] = panel.frame;
              const box = [left * width, right * width, (1 - bottom) * height, (1 - top) * height];
              if (x < box[0] - 8 || x > box[1] + 8 || y > box[2] + 8 || y < box[3] - 8) continue;
              const scale = ([low, high, isLog], from, to) => {
                const at = isLog ? Math.log : value => value;
                return value => from + (at(value) - at(low)) / (at(high) - at(low)) * (to - from);
              };
              const [across, up] = [scale(panel.x, box[0], box[1]), scale(panel.y, box[2], box[3])];
              for (const curve of panel.curves) {
                if (this.hidden.has(curve.style)) continue;
                for (const point of curve.points) {
                  const [px, py] = [across(point[1]), up(point[2])], distance = Math.hypot(px - x, py - y);
                  // Points beyond the axes' ends are not drawn.
                  if (px < box[0] - 1 || px > box[1] + 1 || py > box[2] + 1 || py < box[3] - 1) continue;
                  if (distance < (best?.distance ?? 40)) best = {distance, px, py, point, style: curve.style};
                }
              }
            }
            return best;
          }
          hover(event) {
            const matrix = this.svg.getScreenCTM();
            if (!matrix) return;
            const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
            const found = this.nearest(at.x, at.y);
            if (!found) return this.leave();
            const [x, , mean, ...rest] = found.point;
            const interval = rest.length === 3 ? ` (95 %: ${shortNumber(rest[0])} to ${shortNumber(rest[1])})` : "";
            this.tip.textContent = `${this.data.names[found.style]}\n${this.data.x} ${shortNumber(x)}\n`
              + `${shortNumber(mean)}${interval}, n = ${rest.at(-1)}`;
            this.tip.hidden = false;
            moveTip(this.tip, event);
            this.mark.setAttribute("cx", found.px);
            this.mark.setAttribute("cy", found.py);
            this.svg.append(this.mark);
          }
          leave() {
            this.tip.hidden = true;
            this.mark.remove();
          }
        }
        for (const element of document.querySelectorAll(".figure-data")) {
          const svg = element.parentElement.querySelector("svg");
          if (svg) new Figure(svg, JSON.parse(element.textContent));
        }

        """#
}
