// What is known of a part, beside its picture.
function tellStory(root, data) {
  draw(root.querySelector(".headline .mark-place"), data.mark);
  const word = root.querySelector(".headline .word");
  say(word, data.word);
  word.className = `word ${data.kind}`;
  say(root.querySelector(".score"), data.score);
  draw(root.querySelector(".score-line .gauge-place"), data.gauge);
  say(root.querySelector(".why"), data.why);
  const entries = data.facts.flatMap(([name, words]) => {
    const term = document.createElement("dt"), fact = document.createElement("dd");
    say(term, name);
    say(fact, words);
    return [term, fact];
  });
  root.querySelector("dl").replaceChildren(...entries);
}
