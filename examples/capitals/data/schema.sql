create table capitals (country text primary key, capital text not null);
