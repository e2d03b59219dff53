CREATE TABLE session (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  begun INTEGER NOT NULL,
  plan TEXT NOT NULL,
  data TEXT NOT NULL,
  texts TEXT NOT NULL
) STRICT;

CREATE TABLE rounds (
  round INTEGER PRIMARY KEY,
  strategy TEXT NOT NULL,
  model_round INTEGER NOT NULL,
  model_digest TEXT NOT NULL,
  offered INTEGER NOT NULL
) STRICT;

CREATE TABLE questions (
  id INTEGER PRIMARY KEY,
  round INTEGER NOT NULL REFERENCES rounds,
  place INTEGER NOT NULL,
  a INTEGER NOT NULL,
  b INTEGER NOT NULL,
  candidate INTEGER,
  score REAL,
  shown_left TEXT NOT NULL CHECK (shown_left IN ('a', 'b')),
  repeats INTEGER REFERENCES questions,
  UNIQUE (round, place)
) STRICT;

CREATE TABLE answers (
  nth INTEGER PRIMARY KEY AUTOINCREMENT,
  question INTEGER NOT NULL UNIQUE REFERENCES questions,
  answer TEXT NOT NULL,
  seconds REAL NOT NULL,
  annotator INTEGER NOT NULL,
  note TEXT,
  given INTEGER NOT NULL
) STRICT;

CREATE TABLE models (
  round INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  prior_precision REAL,
  confidence REAL,
  bits BLOB
) STRICT;
