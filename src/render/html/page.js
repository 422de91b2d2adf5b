"use strict";
// Zoom, filters, values under the pointer, raw lines in a box. The page is whole without it.
(() => {
  const $ = (q, in_ = document) => in_.querySelector(q);
  const all = (q, in_ = document) => [...in_.querySelectorAll(q)];
  const data = JSON.parse($("#data").textContent);
  const root = document.documentElement;

  // ---- light and dark
  const theme = $("#theme");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const named = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.parentNode.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; named(); });
  named();

  // ---- raw lines in a box
  const box = $("#box"), body = $("#box-body");
  const open = (row) => {
    const excerpt = row.closest(".excerpt");
    $("#box-t").textContent = $("h3", excerpt).textContent;
    const copy = $("table", excerpt).cloneNode(true);
    let hit = null;
    for (const r of all("tr", copy)) { if (r.id === row.id) hit = r; r.removeAttribute("id"); }
    if (hit) hit.classList.add("cited");
    body.replaceChildren(copy);
    box.showModal();
    if (hit) hit.scrollIntoView({block: "center"});
  };
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a.proof");
    const row = link && document.getElementById(link.hash.slice(1));
    if (!row || !row.closest(".excerpt")) return;
    e.preventDefault();
    open(row);
  });
  $("#close").addEventListener("click", () => box.close());
  box.addEventListener("click", (e) => { if (e.target === box) box.close(); });
  addEventListener("beforeprint", () => all("details:not(.values,.rawline)").forEach((d) => { d.open = true; }));

  if (!data) return;
  const W = 960, LEFT = 112, PLOT = 836, GRID = 20000;
  const whole = [0, data.to - data.from];
  let view = whole.slice();
  const pad = (n) => String(n).padStart(2, "0");
  const stamp = (s, ms) => new Date((data.from + s) * 1000).toISOString().slice(0, ms ? 23 : 19).replace("T", " ");
  const x = (s) => LEFT + (s - view[0]) / (view[1] - view[0]) * PLOT;
  const s_of = (px) => view[0] + (px - LEFT) / PLOT * (view[1] - view[0]);
  const svg = (name, attrs) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
    return e;
  };
  const figs = data.figs.map((f) => ({...f, at: $("#" + f.id), fig: $("#" + f.id + " svg.fig"), data: $("#" + f.id + " svg.data"), over: $("#" + f.id + " .over")}));

  // ---- zoom
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800];
  const ticks = () => {
    const [a, b] = [data.from + view[0], data.from + view[1]];
    const step = STEPS.find((s) => (b - a) / s <= 9) || 604800;
    const out = [];
    for (let t = Math.ceil(a / step) * step; t <= b; t += step) out.push([t, step]);
    return out;
  };
  const draw = () => {
    const width = whole[1], from = view[0] / width * GRID, span = (view[1] - view[0]) / width * GRID;
    const marks = ticks();
    for (const f of figs) {
      const box_ = f.data.viewBox.baseVal;
      f.data.setAttribute("viewBox", `${from} 0 ${span} ${box_.height}`);
      const y0 = Number(f.data.getAttribute("y")), y1 = y0 + Number(f.data.getAttribute("height"));
      const time = $(".time", f.fig);
      time.replaceChildren();
      for (const [t, step] of marks) {
        const px = x(t - data.from), day = new Date(t * 1000).toISOString();
        time.append(svg("line", {x1: px, x2: px, y1: y0 + (f.top || 0), y2: y1 + 4}));
        const text = svg("text", {x: px, y: y1 + 17, "text-anchor": "middle"});
        text.textContent = step >= 86400 ? day.slice(0, 10) : t % 60 ? day.slice(11, 19) : day.slice(11, 16);
        time.append(text);
      }
      const ends = [-99, -99, -99];
      for (const t of all(".texts text", f.fig)) {
        const a = Number(t.dataset.a) - data.from, b = Number(t.dataset.b) - data.from;
        const pa = Math.max(LEFT, x(a)), pb = Math.min(LEFT + PLOT, x(b));
        if (t.classList.contains("pn")) {
          let row = ends.findIndex((e) => pa - 16 >= e);
          if (row < 0) row = 2;
          ends[row] = pa;
          t.setAttribute("x", pa);
          t.setAttribute("y", y0 + 10 + 14 * row);
          t.classList.toggle("off", a < view[0] || a > view[1]);
        } else {
          t.setAttribute("x", pa + 5);
          t.classList.toggle("off", (pb - pa) / 6.4 < t.textContent.length + 1);
        }
      }
      f.over.replaceChildren();
    }
    $("#from").value = stamp(view[0]);
    $("#to").value = stamp(view[1]);
    filter();
  };
  const show = (a, b) => {
    const least = Math.min(2, whole[1]);
    if (!(b - a >= least)) { const mid = (a + b) / 2; a = mid - least / 2; b = mid + least / 2; }
    const span = Math.min(b - a, whole[1]);
    a = Math.max(0, Math.min(a, whole[1] - span));
    view = [a, a + span];
    draw();
  };
  const around = (factor, mid = (view[0] + view[1]) / 2) => {
    const half = (view[1] - view[0]) * factor;
    const part = (mid - view[0]) / (view[1] - view[0]);
    show(mid - half * part, mid + half * (1 - part));
  };
  const incident = () => {
    const [a, b] = data.incident || whole;
    const room = Math.max(30, (b - a) * 0.5);
    show(a - room, b + room);
  };
  const move = (part) => { const d = (view[1] - view[0]) * part; show(view[0] + d, view[1] + d); };
  const on = (id, f) => $(id).addEventListener("click", f);
  $("#controls").hidden = false;
  on("#whole", () => show(...whole));
  on("#incident", incident);
  on("#in", () => around(0.5));
  on("#out", () => around(2));
  on("#back", () => move(-0.5));
  on("#on", () => move(0.5));
  const parse = (text) => {
    const t = Date.parse(text.trim().replace(" ", "T").replace(/Z?$/, "Z")) / 1000 - data.from;
    return Number.isFinite(t) ? t : null;
  };
  $("#controls").addEventListener("submit", (e) => {
    e.preventDefault();
    const a = parse($("#from").value), b = parse($("#to").value);
    $("#from").setAttribute("aria-invalid", a === null);
    $("#to").setAttribute("aria-invalid", b === null);
    if (a !== null && b !== null && b > a) show(a, b);
    else say("Write times like " + stamp(view[0]));
  });

  // ---- filters
  const off = (id) => new Set(all(id + " input[value]:not([value=on])").filter((i) => !i.checked).map((i) => i.value));
  let hosts = new Set(), kinds = new Set(), loud = false;
  const filter = () => {
    hosts = off("#hosts");
    kinds = off("#kinds");
    loud = $("#alarms").checked;
    for (const e of all("[data-host]")) {
      const away = hosts.has(e.dataset.host) || kinds.has(e.dataset.kind) || (loud && e.dataset.kind && !e.classList.contains("alarm"));
      e.classList.toggle("away", Boolean(away));
      if (!(e instanceof SVGElement)) e.hidden = Boolean(away);
      else e.style.display = away ? "none" : "";
    }
    let shown = 0, rows = all("table.events tbody tr");
    for (const r of rows) {
      const t = Date.parse(r.dataset.at) / 1000 - data.from;
      const zoomed = view[0] > 0 || view[1] < whole[1];
      if (zoomed && (t < view[0] || t > view[1])) r.hidden = true;
      shown += r.hidden ? 0 : 1;
    }
    if (rows.length) $("#shown").textContent = shown === rows.length ? `${shown} events, times in UTC.` : `${shown} of ${rows.length} events, as chosen above the plots; times in UTC.`;
  };
  for (const id of ["#hosts", "#kinds"]) $(id).addEventListener("change", filter);

  // ---- values under the pointer or the keyboard's cursor
  const tip = $("#tip"), say = (text) => { $("#say").textContent = text; };
  const short = (v) => v >= 100 || v === Math.trunc(v) ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v.toFixed(2);
  const read = (f, t) => {
    const out = [];
    const near = (view[1] - view[0]) / PLOT * 5;
    for (const s of f.s || []) {
      if (hosts.has(s.h)) continue;
      const hit = s.p.filter((p) => p[0] - near <= t && t <= p[1] + near);
      if (!hit.length) continue;
      const best = hit.find((p) => p[0] <= t && t <= p[1]) || hit[0];
      const low = best[2] > 0 && best[2] < best[3] ? short(best[2]) + " to " : "";
      out.push(`${s.k}: ${low}${short(best[3])} ${s.u}`.trim());
    }
    for (const e of f.e || []) {
      if (hosts.has(e.h) || kinds.has(e.c) || Math.abs(e.t - t) > near) continue;
      if (loud && !$(`.ev[data-i="${e.i}"]`, f.fig).classList.contains("alarm")) continue;
      out.push(`${stamp(e.t).slice(11)} ${e.h} ${e.c}: ${e.x}`);
    }
    return out;
  };
  const point = (f, t, where, aloud) => {
    const lines = read(f, t);
    for (const g of figs) {
      const y0 = Number(g.data.getAttribute("y")), px = x(t);
      g.over.replaceChildren(svg("line", {class: "cross", x1: px, x2: px, y1: y0, y2: y0 + Number(g.data.getAttribute("height"))}));
    }
    const most = 10, rest = lines.length - most;
    tip.replaceChildren(...[stamp(t) + " UTC", ...lines.slice(0, most), ...(rest > 0 ? [`${rest} more: zoom in`] : [])].map((l, i) => {
      const div = document.createElement(i ? "div" : "b");
      div.textContent = l;
      return div;
    }));
    tip.hidden = false;
    const w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.max(4, Math.min(where[0] + 14, innerWidth - w - 8)) + "px";
    tip.style.top = Math.max(4, Math.min(where[1] + 14, innerHeight - h - 8)) + "px";
    if (aloud) say([stamp(t), ...lines.slice(0, most)].join(". "));
  };
  const leave = () => { tip.hidden = true; figs.forEach((f) => f.over.replaceChildren()); };
  for (const f of figs) {
    const place = (e) => {
      const r = f.fig.getBoundingClientRect();
      return s_of((e.clientX - r.left) / r.width * W);
    };
    const clamp = (t) => Math.max(view[0], Math.min(view[1], t));
    let grip = null;
    f.fig.addEventListener("pointermove", (e) => {
      const t = place(e);
      if (grip !== null) {
        const y0 = Number(f.data.getAttribute("y")), a = x(Math.min(grip, clamp(t))), b = x(Math.max(grip, clamp(t)));
        tip.hidden = true;
        f.over.replaceChildren(svg("rect", {class: "pick", x: a, y: y0, width: b - a, height: f.data.getAttribute("height")}));
      } else if (t < view[0] || t > view[1]) leave();
      else point(f, t, [e.clientX, e.clientY]);
    });
    f.fig.addEventListener("pointerleave", () => { if (grip === null) leave(); });
    f.fig.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || e.pointerType === "touch") return;
      const t = place(e);
      if (t < view[0] || t > view[1]) return;
      grip = t;
      f.fig.setPointerCapture(e.pointerId);
      e.preventDefault();
      f.at.querySelector(".scroll").focus({preventScroll: true});
    });
    f.fig.addEventListener("pointerup", (e) => {
      if (grip === null) return;
      const a = grip, b = clamp(place(e));
      grip = null;
      if (Math.abs(x(a) - x(b)) > 6) show(Math.min(a, b), Math.max(a, b));
    });
    f.fig.addEventListener("dblclick", () => show(...whole));
    let cursor = null;
    $(".scroll", f.at).addEventListener("keydown", (e) => {
      const step = (view[1] - view[0]) / 60;
      const keys = {ArrowRight: step, ArrowLeft: -step};
      if (e.key in keys) {
        cursor = cursor === null || cursor < view[0] || cursor > view[1] ? (view[0] + view[1]) / 2 : clamp(cursor + keys[e.key]);
        const r = f.fig.getBoundingClientRect();
        point(f, cursor, [r.left + x(cursor) / W * r.width, r.top + 20], true);
      } else if (e.key === "+") around(0.5, cursor ?? undefined);
      else if (e.key === "-") around(2, cursor ?? undefined);
      else if (e.key === "0") show(...whole);
      else if (e.key === "i") incident();
      else if (e.key === "Escape") leave();
      else return;
      e.preventDefault();
    });
    $(".scroll", f.at).addEventListener("blur", leave);
  }
  draw();
})();
