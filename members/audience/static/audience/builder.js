// The builder of an audience's rule: groups, chips and pickers over the JSON in the text field.
// Without this script the field stays what it is, and the server checks the same rule either way.
(function () {
  "use strict";
  // The admin names its scripts in the head, before there is a form.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", build);
  else build();

  function build() {
  var root = document.querySelector("[data-rule]");
  if (!root) return;
  var field = root.querySelector("textarea");
  var offered = JSON.parse(document.getElementById("rule-offered").textContent);
  var tree = root.querySelector("[data-rule-tree]");
  var live = root.querySelector("[data-rule-live]");
  var terms = {};
  offered.terms.forEach(function (term) { terms[term.name] = term; });
  var OPS = [["all", "都满足"], ["any", "满足任一"], ["none", "一条都不满足"]];
  var model, timer, asking, wantsPeople = false;

  // ---------------------------------------------------------------- JSON ⇄ model

  function read(node, no) {
    var name = Object.keys(node)[0], value = node[name];
    if (name === undefined) return { op: "all", children: [] };
    if (name === "not" && !no) return read(value, true);
    if (name === "not") return read(value, false);
    if (name === "any") return { op: no ? "none" : "any", children: value.map(function (one) { return read(one, false); }) };
    if (name === "all") {
      var group = { op: "all", children: value.map(function (one) { return read(one, false); }) };
      return no ? { op: "none", children: [group] } : group;
    }
    if (terms[name] && terms[name].shape === "truth") return { name: name, no: no ? value : !value, value: true };
    return { name: name, no: !!no, value: value };
  }

  function write(node) {
    if (node.children) {
      var children = node.children.map(write).filter(Boolean);
      if (!children.length) return null;
      if (node.op === "none") return { not: children.length === 1 ? children[0] : { any: children } };
      if (children.length === 1) return children[0];
      return node.op === "any" ? { any: children } : { all: children };
    }
    if (!isReady(node)) return null;
    var said = {};
    if (terms[node.name].shape === "truth") { said[node.name] = !node.no; return said; }
    said[node.name] = node.value;
    return node.no ? { not: said } : said;
  }

  function isReady(node) {
    var shape = terms[node.name].shape, value = node.value;
    if (shape === "words") return Array.isArray(value) && value.length > 0;
    if (shape === "figure") return value && (value.at_least !== undefined || value.at_most !== undefined);
    return shape === "truth" || !!value;
  }

  function begin(name) {
    var shape = terms[name].shape;
    if (shape === "words") return { name: name, no: false, value: [] };
    if (shape === "days") return { name: name, no: false, value: 90 };
    if (shape === "figure") return { name: name, no: false, value: { at_least: name === "spent" ? 100000 : 2, within_days: 365 } };
    if (shape === "purpose") return { name: name, no: false, value: "direct_marketing" };
    if (shape === "truth") return { name: name, no: false, value: true };
    return { name: name, no: false, value: "" };
  }

  // ---------------------------------------------------------------- drawing

  function el(tag, attributes, children) {
    var made = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (key) {
      if (key === "on") Object.keys(attributes.on).forEach(function (event) { made.addEventListener(event, attributes.on[event]); });
      else if (key in made && key !== "list") made[key] = attributes[key];
      else made.setAttribute(key, attributes[key]);
    });
    (children || []).forEach(function (child) { if (child) made.append(child); });
    return made;
  }

  function select(pairs, chosen, label, changed) {
    var made = el("select", { "aria-label": label, on: { change: function () { changed(made.value); } } },
      pairs.map(function (pair) { return el("option", { value: pair[0], textContent: pair[1], selected: pair[0] === chosen }); }));
    return made;
  }

  function button(text, label, press, style) {
    return el("button", { type: "button", className: "rule-btn " + (style || ""), textContent: text, "aria-label": label, on: { click: press } });
  }

  function draw(keepFocus) {
    var place = keepFocus && document.activeElement && document.activeElement.dataset.place;
    tree.replaceChildren(drawGroup(model, null, "0"));
    if (place) { var again = tree.querySelector('[data-place="' + place + '"]'); if (again) again.focus(); }
    changed();
  }

  function drawGroup(group, parent, place) {
    var inner = group.children.map(function (child, index) {
      var at = place + "." + index;
      return el("li", {}, [child.children ? drawGroup(child, group, at) : drawTerm(child, group, at)]);
    });
    var add = select([["", "＋ 条件"]].concat(offered.terms.map(function (term) { return [term.name, term.title]; })), "", "加一个条件", function (name) {
      if (!name) return;
      group.children.push(begin(name));
      draw();
      var rows = tree.querySelectorAll('[data-group="' + place + '"] > ul > li:last-child select, [data-group="' + place + '"] > ul > li:last-child input');
      if (rows.length) rows[rows.length - 1].focus();
    });
    add.className = "rule-add";
    return el("fieldset", { className: "rule-group", "data-group": place }, [
      el("legend", {}, [
        select(OPS, group.op, "这一组怎么算", function (op) { group.op = op; draw(true); }),
        parent ? button("×", "去掉这一组", function () { remove(parent, group); }, "quiet") : null,
      ]),
      inner.length ? el("ul", {}, inner) : el("p", { className: "rule-meta", textContent: parent ? "还没有条件" : offered.empty }),
      el("div", { className: "rule-acts" }, [add, button("＋ 一组", "加一组条件", function () {
        group.children.push({ op: "any", children: [] }); draw();
      })]),
    ]);
  }

  function remove(parent, child) {
    parent.children.splice(parent.children.indexOf(child), 1);
    draw();
  }

  function drawTerm(node, parent, place) {
    var term = terms[node.name];
    var yes = select([["", term.shape === "truth" ? "是" : "是"], ["no", "不是"]], node.no ? "no" : "", "是或不是", function (value) { node.no = value === "no"; changed(); });
    return el("div", { className: "rule-term" }, [
      el("span", { className: "rule-name", textContent: term.title }), yes,
      editor(node, term, place),
      button("×", "去掉“" + term.title + "”", function () { remove(parent, node); }, "quiet"),
    ]);
  }

  function editor(node, term, place) {
    if (term.shape === "words") return words(node, "value", node.name, place);
    if (term.shape === "days") return el("label", {}, [number(node, "value", 1, "天数", place, 1), " 天内"]);
    if (term.shape === "date") return el("input", { type: "date", value: node.value || "", "aria-label": "日期", "data-place": place, on: { input: function (e) { node.value = e.target.value; changed(); } } });
    if (term.shape === "purpose") return select(offered.choices.consent.map(function (one) { return [one.value, one.label]; }), node.value, "授权项", function (value) { node.value = value; changed(); });
    if (term.shape === "figure") return figure(node, place);
    return null;
  }

  function number(holder, key, factor, label, place, least) {
    return el("input", {
      type: "number", inputMode: "numeric", min: String(least), step: "1", className: "rule-number",
      value: holder[key] === undefined ? "" : String(holder[key] / factor), "aria-label": label, "data-place": place + key,
      on: { input: function (e) {
        var given = Math.round(Number(e.target.value) * factor);
        if (e.target.value === "" || given < least) delete holder[key]; else holder[key] = given;
        changed();
      } },
    });
  }

  function figure(node, place) {
    var value = node.value, factor = node.name === "spent" ? 100 : 1, unit = factor === 100 ? "元" : "次";
    var mode = value.within_days !== undefined ? "days" : (value.since || value.until) ? "dates" : "ever";
    var span = select([["days", "最近"], ["dates", "从…到…"], ["ever", "一共"]], mode, "什么时候", function (chosen) {
      delete value.within_days; delete value.since; delete value.until;
      if (chosen === "days") value.within_days = 90;
      if (chosen === "dates") value.since = new Date().toISOString().slice(0, 8) + "01";
      draw();
    });
    function day(key, label) {
      return el("input", { type: "date", value: value[key] || "", "aria-label": label, on: { input: function (e) {
        if (e.target.value) value[key] = e.target.value; else delete value[key];
        changed();
      } } });
    }
    return el("span", { className: "rule-figure" }, [
      el("label", {}, ["至少 ", number(value, "at_least", factor, "至少", place, 1), " " + unit]),
      el("label", {}, ["至多 ", number(value, "at_most", factor, "至多", place, 0), " " + unit]),
      span, mode === "days" ? el("label", {}, [number(value, "within_days", 1, "天数", place, 1), " 天内"]) : null,
      mode === "dates" ? day("since", "从") : null, mode === "dates" ? day("until", "到") : null,
      words(value, "categories", "categories", place), words(value, "skus", "skus", place),
    ]);
  }

  // ---------------------------------------------------------------- picking words

  function words(holder, key, name, place) {
    var all = offered.choices[name] || [], address = offered.searched[name];
    var named = (offered.named && offered.named[name]) || {};
    var title = name === "skus" ? "商品" : name === "categories" ? "品类" : terms[name].title;
    var box = el("span", { className: "rule-words-box" });
    function chosen() { return holder[key] || []; }
    function put(list) {
      if (list.length || key === "value") holder[key] = list; else delete holder[key];
      fill();
      changed();
    }
    function label(value) {
      var found = all.filter(function (one) { return one.value === value; })[0];
      return found ? found.label : named[value] || value;
    }
    function toggle(value) {
      put(chosen().indexOf(value) < 0 ? chosen().concat([value]) : chosen().filter(function (one) { return one !== value; }));
    }
    function fill() {
      if (!address && all.length <= 12) {
        box.replaceChildren.apply(box, all.map(function (one) {
          var on = chosen().indexOf(one.value) >= 0;
          return el("button", { type: "button", className: "rule-chip" + (on ? " on" : ""), textContent: one.label, "aria-pressed": String(on), "data-place": place + key + one.value, on: { click: function () {
            toggle(one.value);
            var again = box.querySelector('[data-place="' + place + key + one.value + '"]');
            if (again) again.focus();
          } } });
        }));
        if (!all.length) box.append(el("span", { className: "rule-meta", textContent: "还没有可选的" + title }));
        return;
      }
      var list = "list-" + place + key, options = el("datalist", { id: list });
      var input = el("input", { type: "search", className: "rule-search", placeholder: "找" + title, "aria-label": "找" + title, autocomplete: "off", list: list });
      function offer(ones) { options.replaceChildren.apply(options, ones.map(function (one) { return el("option", { value: one.label }); })); input.offered = ones; }
      function pick() {
        var hit = (input.offered || []).filter(function (one) { return one.label === input.value || one.value === input.value; })[0];
        if (!hit) return false;
        named[hit.value] = hit.label;
        if (chosen().indexOf(hit.value) < 0) put(chosen().concat([hit.value]));
        var again = box.querySelector("input"); if (again) again.focus();
        return true;
      }
      input.addEventListener("input", function () {
        if (pick()) return;
        if (!address) return offer(all.filter(function (one) { return one.label.indexOf(input.value) >= 0; }).slice(0, 50));
        fetch(address + "?q=" + encodeURIComponent(input.value), { credentials: "same-origin" })
          .then(function (answer) { return answer.json(); }).then(function (told) { offer(told.choices); });
      });
      input.addEventListener("keydown", function (e) { if (e.key === "Enter") { e.preventDefault(); pick(); } });
      if (!address) offer(all.slice(0, 50));
      box.replaceChildren.apply(box, chosen().map(function (value) {
        return el("button", { type: "button", className: "rule-chip on", textContent: label(value) + " ×", "aria-label": "去掉 " + label(value), on: { click: function () { toggle(value); } } });
      }));
      box.append(input, options);
    }
    fill();
    return box;
  }

  // ---------------------------------------------------------------- the live count

  function changed() {
    field.value = JSON.stringify(write(model) || {}, null, 1);
    clearTimeout(timer);
    timer = setTimeout(ask, 200);
  }

  function ask() {
    if (asking) asking.abort();
    asking = new AbortController();
    var body = new URLSearchParams({ rule: field.value });
    if (wantsPeople) body.set("sample", "1");
    var token = document.querySelector("[name=csrfmiddlewaretoken]");
    live.setAttribute("aria-busy", "true");
    fetch(offered.live, { method: "POST", body: body, credentials: "same-origin", signal: asking.signal, headers: { "X-CSRFToken": token ? token.value : "" } })
      .then(function (answer) { return answer.ok ? answer.text() : Promise.reject(answer.status); })
      .then(function (html) { live.innerHTML = html; live.removeAttribute("aria-busy"); })
      .catch(function (fault) {
        if (fault && fault.name === "AbortError") return;
        live.removeAttribute("aria-busy");
        live.replaceChildren(el("p", { className: "rule-fault", textContent: "现在数不出来，条件没有丢。请稍后再试。" }));
      });
  }

  live.addEventListener("click", function (e) {
    if (e.target.matches("[data-rule-sample]")) { wantsPeople = true; ask(); }
  });
  field.addEventListener("change", function () {
    try { start(JSON.parse(field.value || "{}")); } catch (fault) { ask(); }
  });

  function start(rule) {
    model = read(rule, false);
    if (!model.children) model = { op: "all", children: [model] };
    draw();
  }

  try { start(JSON.parse(field.value || "{}")); } catch (fault) { root.querySelector("details").open = true; ask(); }
  }
})();
