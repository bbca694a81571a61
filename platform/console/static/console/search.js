// The palette: Ctrl+K opens it, arrows choose, Enter opens. Without results yet, Enter submits the form, as without script.
const PAUSE_MS = 150;

document.addEventListener("DOMContentLoaded", () => {
    const dialog = document.getElementById("pc-search");
    if (!dialog) return;
    const form = dialog.querySelector("form");
    const input = form.elements.q;
    const found = document.getElementById("pc-search-found");
    const said = dialog.querySelector(".pc-search-said");
    let chosen = -1;
    let shownFor = null;
    let timer;

    const hits = () => [...found.querySelectorAll(".pc-hit")];

    function choose(index) {
        const all = hits();
        chosen = all.length ? (index + all.length) % all.length : -1;
        all.forEach((hit, place) => {
            hit.toggleAttribute("data-chosen", place === chosen);
            hit.setAttribute("aria-selected", String(place === chosen));
        });
        if (chosen < 0) return input.removeAttribute("aria-activedescendant");
        input.setAttribute("aria-activedescendant", all[chosen].id);
        all[chosen].scrollIntoView({ block: "nearest" });
    }

    // Links become the options of the field, as screen readers know them.
    function name() {
        found.querySelectorAll(".pc-hits").forEach((list) => list.setAttribute("role", "listbox"));
        found.querySelectorAll(".pc-hits > li").forEach((item) => item.setAttribute("role", "none"));
        found.querySelector(".pc-hits")?.setAttribute("aria-label", "Results");
        hits().forEach((hit, place) => {
            hit.id = `search-option-${place}`;
            hit.tabIndex = -1;
            hit.setAttribute("role", "option");
        });
    }

    async function look() {
        const term = input.value.trim();
        const address = `${form.action}?${new URLSearchParams({ q: term, part: "hits" })}`;
        const answer = await fetch(address, { redirect: "error" }).catch(() => null);
        if (!answer?.ok || term !== input.value.trim()) return;
        found.innerHTML = await answer.text();
        shownFor = term;
        name();
        const count = hits().length;
        input.setAttribute("aria-expanded", String(count > 0));
        said.textContent = count === 1 ? "1 result" : `${count} results`;
        choose(0);
    }

    function open() {
        if (dialog.open) return;
        dialog.showModal();
        input.select();
        look();
    }

    input.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(look, PAUSE_MS);
    });
    input.addEventListener("keydown", (event) => {
        if (event.key === "ArrowDown") choose(chosen + 1);
        else if (event.key === "ArrowUp") choose(chosen - 1);
        else if (event.key === "Enter" && chosen >= 0 && shownFor === input.value.trim()) hits()[chosen].click();
        else return;
        event.preventDefault();
    });
    dialog.addEventListener("click", (event) => {
        if (event.target === dialog) dialog.close();
    });
    document.addEventListener("keydown", (event) => {
        if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        open();
    });
    document.addEventListener("click", (event) => {
        const opener = event.target.closest("[data-search-open]");
        if (!opener) return;
        event.preventDefault();
        open();
    });
});
