// A click on an id copies the whole of it.
document.addEventListener("click", (event) => {
    const id = event.target.closest("[data-copy]");
    if (!id || !navigator.clipboard) return;
    event.preventDefault();
    navigator.clipboard.writeText(id.dataset.copy).then(() => {
        id.classList.add("copied");
        setTimeout(() => id.classList.remove("copied"), 1200);
    });
});
