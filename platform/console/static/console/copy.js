// Clicking the button beside an id copies the full id, and says so to those who can't see the tick.
document.addEventListener("click", (event) => {
    const sign = event.target.closest("[data-copy]");
    if (!sign || !navigator.clipboard) return;
    event.preventDefault();
    navigator.clipboard.writeText(sign.dataset.copy).then(() => {
        sign.textContent = "check";
        document.querySelector(".pc-said").textContent = `Copied ${sign.dataset.copy}`;
        setTimeout(() => { sign.textContent = "content_copy"; }, 1200);
    });
});
