// Scanning: paste an address, choose a picture, use the camera where the browser can read codes.
"use strict";

const finder = document.querySelector("[data-finder]");

document.querySelector("[data-paste]").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = event.target.elements.url;
  if (field.value.trim()) followCode(field.value.trim());
});

document.querySelector("[data-picture]").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  try {
    const urls = await readPicture(file);
    if (urls.length) followCode(urls[0]);
    else Sandbox.note("没有在图片里找到二维码");
  } catch (error) {
    Sandbox.note(error.message);
  }
  event.target.value = "";
});

async function useCamera() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    const video = finder.querySelector("video");
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    const canvas = document.createElement("canvas");
    while (video.srcObject) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
      const urls = await readPicture(blob);
      if (urls.length) {
        stream.getTracks().forEach((track) => track.stop());
        video.srcObject = null;
        video.hidden = true;
        return followCode(urls[0]);
      }
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  } catch {
    Sandbox.note("没有可用的相机，请粘贴链接或选择图片");
  }
}

document.querySelector("[data-camera]").addEventListener("click", useCamera);
