// What unfold lets only a mouse do, the keyboard can do too: its clickable signs become buttons.
// They are found again after htmx has swapped in a part of the page.
(() => {
    const CLICKABLE = "[x-on\\:click]:not(a[href], button, input, label, select, textarea, [id$='-close'])";
    // What a control is called that shows nothing but an icon.
    const NAMES = {
        close: "Close", computer: "Colours", dark_mode: "Colours", dock_to_right: "Sidebar", light_mode: "Colours",
        more_vert: "More", payments: "Home", search: "Search",
    };

    function reach(root) {
        root.querySelectorAll(CLICKABLE).forEach((sign) => {
            sign.tabIndex = 0;
            sign.setAttribute("role", "button");
        });
        root.querySelectorAll(".material-symbols-outlined:not([aria-label])").forEach((icon) => {
            const control = icon.closest("a, button, [role='button']");
            const name = NAMES[icon.textContent.trim()];
            if (name && control?.innerText.trim() === icon.innerText.trim()) control.setAttribute("aria-label", name);
            if (icon !== control) icon.setAttribute("aria-hidden", "true"); // the name of an icon is no word
        });
    }

    document.addEventListener("keydown", (event) => {
        const sign = event.target;
        if (!sign.matches(CLICKABLE) || !["Enter", " "].includes(event.key)) return;
        event.preventDefault();
        sign.click();
    });
    document.addEventListener("DOMContentLoaded", () => reach(document));
    document.addEventListener("htmx:afterSettle", (event) => reach(event.target));
})();
