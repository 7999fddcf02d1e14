/* Small manners on top of pages that work without it: nothing here decides who receives what.
   No inline handlers and no eval, so a strict content security policy is fine. */
(function () {
  "use strict";
  if (window.smartpush) return;
  window.smartpush = true;

  var script = document.currentScript;
  if (script && script.dataset.htmx === "vendored" && window.htmx) {
    window.htmx.config.includeIndicatorStyles = false;
    window.htmx.config.allowEval = false;
  }
  document.documentElement.classList.add("smartpush-js");

  function ours(node) {
    return node instanceof Element && node.closest(".smartpush");
  }
  function pickerOf(node) {
    return node instanceof Element ? node.closest("[data-smartpush-picker]") : null;
  }

  /* What a screen reader hears after a change; outside of what is swapped, so it is really read. */
  var voice = null;
  function say(text, near) {
    if (!voice) {
      voice = document.createElement("div");
      voice.setAttribute("aria-live", "polite");
      voice.className = "smartpush-hidden";
      var room = document.createElement("div");
      room.className = "smartpush smartpush-voice";
      room.append(voice);
    }
    /* An open dialog silences everything outside of it. */
    var home = near.closest("dialog, [aria-modal=true]") || document.body;
    if (voice.parentNode.parentNode !== home) home.append(voice.parentNode);
    voice.textContent = text;
  }

  /* Requests */
  document.addEventListener("htmx:configRequest", function (event) {
    var token = document.querySelector('meta[name="csrf-token"]');
    if (ours(event.target) && token && !event.detail.headers["X-CSRFToken"]) {
      event.detail.headers["X-CSRFToken"] = token.content;
    }
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.target instanceof Element && event.target.hasAttribute("data-smartpush-poll") && document.hidden) {
      event.preventDefault();
    }
  });
  ["htmx:responseError", "htmx:sendError"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      var picker = pickerOf(event.target);
      if (!picker) return;
      waiting.delete(picker.id);
      delayed = null;
      var note = picker.querySelector("[data-smartpush-trouble]");
      if (note) {
        note.hidden = false;
        say(note.textContent, picker);
      }
    });
  });

  /* One click after the other: the answer to the first carries the choice the second builds on. */
  var waiting = new Map();
  document.addEventListener("click", function (event) {
    var button = event.target instanceof Element ? event.target.closest("button[hx-post]") : null;
    var picker = pickerOf(button);
    if (!picker || !waiting.has(picker.id)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (button.id) waiting.get(picker.id).push(button.id);
  }, true);
  document.addEventListener("htmx:beforeSend", function (event) {
    var picker = pickerOf(event.target);
    var isChoice = event.target.tagName === "BUTTON" && !event.target.hasAttribute("hx-target");
    if (picker && isChoice) waiting.set(picker.id, waiting.get(picker.id) || []);
  });
  function goOn(id) {
    var next = waiting.get(id);
    waiting.delete(id);
    if (!next) return;
    while (next.length) {
      var button = document.getElementById(next.shift());
      if (!button) continue;
      button.click();
      if (waiting.has(id)) {
        waiting.set(id, next);
        return;
      }
    }
  }
  /* Saving while an answer is under way would save the choice before it. */
  var delayed = null;
  document.addEventListener("submit", function (event) {
    var busy = Array.prototype.some.call(
      event.target.querySelectorAll("[data-smartpush-picker]"),
      function (picker) { return waiting.has(picker.id); }
    );
    if (!busy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    delayed = { form: event.target, button: event.submitter };
  }, true);
  function saveNow() {
    if (!delayed || waiting.size) return;
    var late = delayed;
    delayed = null;
    late.form.requestSubmit(late.button && late.button.isConnected ? late.button : undefined);
  }

  /* Swaps keep the place: what was focused stays where the eye is, lists stay scrolled. */
  var before = null;
  document.addEventListener("htmx:beforeSwap", function (event) {
    var target = event.detail.target;
    if (!ours(target)) return;
    var focused = document.activeElement;
    before = {
      id: target.id,
      focus: focused && target.contains(focused) ? focused : null,
      side: focused && target.contains(focused) && focused.closest ? sideOf(focused) : null,
      state: stateIn(target),
      top: focused && target.contains(focused) ? focused.getBoundingClientRect().top : 0,
      scroll: {},
      marks: {}
    };
    target.querySelectorAll("[data-smartpush-scroll]").forEach(function (list) {
      before.scroll[list.id] = list.scrollTop;
    });
    target.querySelectorAll("[data-smartpush-mark]").forEach(function (row) {
      before.marks[row.id] = row.dataset.smartpushMark;
    });
  });
  function stateIn(root) {
    var piece = root.matches("[data-smartpush-state]") ? root : root.querySelector("[data-smartpush-state]");
    return piece && piece.dataset.smartpushState;
  }
  function sideOf(node) {
    var box = node.closest("[data-smartpush-side]");
    return box ? box.id : null;
  }
  document.addEventListener("htmx:afterSwap", function (event) {
    if (!before) return;
    var kept = before, root = document.getElementById(kept.id);
    before = null;
    if (!root) return;
    Object.keys(kept.scroll).forEach(function (id) {
      var list = document.getElementById(id);
      if (list) list.scrollTop = kept.scroll[id];
    });
    root.querySelectorAll("[data-smartpush-mark]").forEach(function (row) {
      if (Object.keys(kept.marks).length && kept.marks[row.id] !== row.dataset.smartpushMark) {
        row.classList.add("smartpush-changed");
      }
    });
    if (root.dataset.smartpushRevision) follow(root);
    if (kept.focus) keepFocus(kept, root);
    var spoken = root.querySelector("[data-smartpush-say]");
    if (spoken && root.hasAttribute("data-smartpush-picker")) say(spoken.dataset.smartpushSay, root);
    /* For the dashboard, whose own page says what becomes of the campaign, too. */
    var state = stateIn(root);
    if (state !== kept.state) {
      root.dispatchEvent(new CustomEvent("smartpush:state", { bubbles: true, detail: { state: state } }));
    }
  });
  /* What this tab changed itself is no news to the other forms of its page. */
  function follow(root) {
    document.querySelectorAll("[data-smartpush-follows]").forEach(function (input) {
      if (input.dataset.smartpushFollows === root.id) input.value = root.dataset.smartpushRevision;
    });
  }
  function keepFocus(kept, root) {
    var same = kept.focus.id && document.getElementById(kept.focus.id);
    if (same) {
      window.scrollBy(0, same.getBoundingClientRect().top - kept.top);
      if (document.activeElement !== same) same.focus({ preventScroll: true });
      return;
    }
    var box = kept.side && document.getElementById(kept.side);
    var next = box && (box.querySelector(".smartpush-chip-x") || box.querySelector("summary"));
    if (!next) root.setAttribute("tabindex", "-1");
    (next || root).focus({ preventScroll: true });
  }
  document.addEventListener("htmx:afterSettle", function (event) {
    var picker = pickerOf(event.target);
    if (!picker || event.target !== picker) return;
    goOn(picker.id);
    saveNow();
  });

  document.addEventListener("click", function (event) {
    if (event.target instanceof Element && event.target.closest("[data-smartpush-print]")) window.print();
  });

  /* A page that asks before it is done is asked in a dialog: read afresh, so its numbers are of now. */
  document.addEventListener("click", function (event) {
    var link = event.target instanceof Element ? event.target.closest("a[data-smartpush-confirm]") : null;
    var plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain || !window.HTMLDialogElement) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (link.hasAttribute("aria-busy")) return;
    link.setAttribute("aria-busy", "true");
    fetch(link.href, { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) { return answer.text(); })
      .then(function (text) {
        var form = new DOMParser().parseFromString(text, "text/html").querySelector(".smartpush-confirm");
        if (form) ask(document.importNode(form, true), link);
        else window.location.assign(link.href);
      })
      .catch(function () { window.location.assign(link.href); })
      .finally(function () { link.removeAttribute("aria-busy"); });
  }, true);
  function ask(form, link) {
    var dialog = document.createElement("dialog");
    dialog.className = "smartpush smartpush-dialog";
    dialog.setAttribute("aria-labelledby", form.getAttribute("aria-labelledby"));
    form.querySelector("[data-smartpush-close]").setAttribute("autofocus", "");
    dialog.append(form);
    dialog.addEventListener("click", function (event) {
      var closes = event.target instanceof Element && event.target.closest("[data-smartpush-close]");
      if (!closes && event.target !== dialog) return;
      event.preventDefault();
      dialog.close();
    });
    dialog.addEventListener("close", function () { dialog.remove(); });
    (link.closest("main") || document.body).append(dialog);
    dialog.showModal();
  }
  /* Pressed twice, sent once. */
  document.addEventListener("submit", function (event) {
    if (!event.target.matches(".smartpush-confirm")) return;
    if (event.target.hasAttribute("aria-busy")) event.preventDefault();
    event.target.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll(".smartpush-confirm[aria-busy]").forEach(function (form) { form.removeAttribute("aria-busy"); });
  });

  /* The panel of segments */
  document.addEventListener("toggle", function (event) {
    var picker = pickerOf(event.target);
    if (!picker || !event.target.matches("details")) return;
    var open = picker.querySelector("details[open]");
    picker.querySelector("[data-smartpush-open]").value = open ? open.dataset.smartpushPanel : "";
  }, true);
  document.addEventListener("click", function (event) {
    var summary = event.target instanceof Element ? event.target.closest("summary") : null;
    if (!summary || !pickerOf(summary) || summary.parentNode.open) return;
    /* One panel at a time. Not <details name>: a swap would close the panel it brings. */
    pickerOf(summary).querySelectorAll("details[open]").forEach(function (other) { other.open = false; });
    window.setTimeout(function () {
      var search = summary.parentNode.querySelector("input[type=search]");
      if (search && summary.parentNode.open) search.focus({ preventScroll: true });
    });
  });
  document.addEventListener("keydown", function (event) {
    var picker = pickerOf(event.target);
    if (!picker || event.isComposing) return;
    if (event.key === "Escape") closePanel(event);
    if (event.key === "Enter" && event.target.matches("input[type=search]")) {
      event.preventDefault();
      event.target.dispatchEvent(new CustomEvent("smartpush:search", { bubbles: true }));
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event);
  });
  function closePanel(event) {
    var panel = event.target.closest("details[open]");
    if (!panel) return;
    event.preventDefault();
    event.stopPropagation();
    panel.open = false;
    panel.querySelector("summary").focus();
  }
  function step(event) {
    var panel = event.target.closest("details[open]");
    if (!panel || !event.target.matches("input[type=search], .smartpush-row")) return;
    var stops = Array.from(panel.querySelectorAll("input[type=search], .smartpush-row"));
    var next = stops[stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
})();
