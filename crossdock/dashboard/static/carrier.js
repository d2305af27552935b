// A form with a file: the file may be dropped on it, and how much of it was sent is shown. Without this file
// it is a form like any other.

class DropFile extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.input = this.querySelector("input[type=file]");
    this.part("hint").hidden = false;
    this.form.addEventListener("submit", (event) => this.submitted(event));
    for (const kind of ["dragenter", "dragover"]) this.addEventListener(kind, (event) => this.over(event));
    for (const kind of ["dragleave", "drop"]) this.addEventListener(kind, () => this.classList.remove("over"));
    this.addEventListener("drop", (event) => this.dropped(event));
  }

  part(name) {
    return this.querySelector(`[data-part=${name}]`);
  }

  over(event) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    this.classList.add("over");
  }

  dropped(event) {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    if (event.dataTransfer.files.length > 1) {
      this.tell("One file at a time, please.");
      return;
    }
    this.input.files = event.dataTransfer.files;
    this.form.requestSubmit();
  }

  submitted(event) {
    event.preventDefault();
    if (this.request) return;
    const request = this.request = new XMLHttpRequest();
    request.open("POST", this.form.action);
    request.setRequestHeader("accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (told) => this.sent(told.loaded, told.total));
    request.addEventListener("load", () => this.answered(request));
    request.addEventListener("error", () => this.refused("It did not get there. Please try again."));
    this.tell("Sending …");
    request.send(new FormData(this.form));
  }

  sent(loaded, total) {
    const progress = this.part("progress");
    progress.hidden = false;
    progress.max = total;
    progress.value = loaded;
    if (loaded >= total) this.tell("Sent. It is looked at …");
  }

  answered(request) {
    if (request.status === 200 && request.responseURL) {
      location.assign(request.responseURL);
      return;
    }
    this.refused(request.response?.error || "This did not work. Please try again.");
  }

  refused(text) {
    this.request = null;
    delete this.form.dataset.sent;
    this.part("progress").hidden = true;
    this.tell(text, "refused");
  }

  tell(text, kind = "") {
    const state = this.part("state");
    state.hidden = false;
    this.part("text").className = kind;
    this.part("text").textContent = text;
  }
}

// A file that waits to be read: the page is fetched until it has been, also under the pointer that sent it.
const MOST_LOOKS = 300;

class FileState extends HTMLElement {
  connectedCallback() {
    this.looks = 0;
    if (this.dataset.state === "received") this.timer = setInterval(() => this.look(), 2000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  look() {
    this.looks += 1;
    if (this.looks > MOST_LOOKS) clearInterval(this.timer);
    if (document.hidden) return;
    const request = new XMLHttpRequest(); // it parses HTML without a sink that Trusted Types guard
    request.open("GET", location.href);
    request.responseType = "document";
    request.timeout = 20000;
    request.onload = () => {
      const fresh = request.status === 200 && request.response?.getElementById(this.id);
      if (fresh && fresh.dataset.state !== this.dataset.state) location.replace(location.href);
    };
    request.send();
  }
}

customElements.define("drop-file", DropFile);
customElements.define("file-state", FileState);
